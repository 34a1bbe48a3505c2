//! The chat in a terminal, from a pipe.

use http::{Response, StatusCode};
use serde_json::{Value, json};
use simulator::Clock;

use crate::{
    process::{Program, SECRET},
    robot::{Callback, robot, text},
    start,
    support::{Received, seconds, signature},
};

/// A robot that looks at the signature, says back what it hears, and has a card.
async fn chatter() -> (String, Received) {
    let received = Received::default();
    let kept = received.clone();
    let address = robot(move |request| {
        kept.keep(request.clone());
        async move {
            let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
            let sign = header("timestamp").map(|timestamp| signature(SECRET, timestamp));
            if sign.is_none() || sign.as_deref() != header("sign") {
                let mut response = Response::new(String::new());
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                return response;
            }
            let callback = Callback::of(&request);
            let said = callback.json["text"]["content"].as_str().unwrap_or_default().trim();
            let reply = match said {
                "card" => card(),
                said => text(&format!("heard {said}")),
            };
            callback.reply(&reply).await;
            Response::new(String::new())
        }
    });
    (address.await, received)
}

fn card() -> Value {
    json!({ "msgtype": "actionCard", "actionCard": { "title": "t", "text": "restart?", "btns": [
        { "title": "yes", "actionURL": "dtmd://dingtalkclient/sendMessage?content=yes" },
        { "title": "page", "actionURL": "https://a.example/\u{1b}[2J" },
    ] } })
}

/// Writes a line, and waits until standard output has this so often.
async fn line(program: &mut Program, line: &str, prints: &str, times: usize) {
    program.write(line);
    program.prints(prints, times).await;
}

#[tokio::test]
async fn a_chat() {
    let (address, received) = chatter().await;
    let mut program = start(&address, &["--terminal"]);
    program.prints("alice@private> ", 1).await;
    line(&mut program, "one", "robot to alice in private:\n  heard one\n", 1).await;
    line(&mut program, "card", "  (yes) [1]\n  (page) [2] https://a.example/\\u{1b}[2J\n", 1).await;
    line(&mut program, ":press 2", "  opens https://a.example/\\u{1b}[2J\n", 1).await;
    program.write(":press 3");
    program.complains("expected a number from 1 to 2, came \"3\"").await;
    line(&mut program, ":press 1", "  heard yes\n", 1).await;
    program.write(":press 1");
    program.complains("there is nothing to press in the robot's last message").await;

    received.take();
    line(&mut program, ":quote why", "  heard why\n", 1).await;
    let callback = received.bodies().remove(0);
    assert_eq!(callback["text"]["isReplyMsg"], true);
    assert_eq!(callback["text"]["repliedMsg"]["content"]["text"], "heard yes");

    line(&mut program, ":as bob", "bob@private> ", 1).await;
    line(&mut program, ":in ops", "bob@ops> ", 1).await;
    line(&mut program, "two", "robot in ops:\n  heard two\n", 1).await;
    assert_eq!(received.bodies()[0]["senderStaffId"], "0147000003");
    // What was posted elsewhere is pressed and quoted there.
    program.write(":in private");
    program.write(":press 1");
    program.complains("there is nothing to press in the robot's last message here").await;
    program.write(":quote why");
    program.complains("there is no message to quote here yet").await;
    line(&mut program, "card", "robot to bob in private:\n  restart?\n", 1).await;
    program.write(":in ops");
    line(&mut program, "three", "  heard three\n", 1).await;
    program.write(":in private");
    received.take();
    line(&mut program, ":quote 确认", "  heard 确认\n", 1).await;
    assert_eq!(received.bodies()[0]["text"]["repliedMsg"]["msgType"], "interactiveCard");
    line(&mut program, "card", "robot to bob in private:\n  restart?\n", 2).await;
    program.write(":in ops");
    line(&mut program, "four", "  heard four\n", 1).await;
    program.write(":in private");
    line(&mut program, ":press 1", "robot to bob in private:\n  heard yes\n", 1).await;
    for (wrong, says) in [
        (":dance", "expected one of :as, :in, :quote, :press, :fault, :help, :quit, came :dance"),
        (":as dan", "expected one of the people alice, bob, nobody, carol, came \"dan\""),
        (":in hr", "expected one of the groups ops, dev, or \"private\", came \"hr\""),
    ] {
        program.write(wrong);
        program.complains(says).await;
    }
    program.write(":quit");
    assert_eq!(program.ended().await.code, Some(0));
}

#[tokio::test]
async fn faults_on_demand() {
    let (address, received) = chatter().await;
    let mut program = start(&address, &["--terminal"]);
    program.write(":fault redelivered");
    line(&mut program, "twice", "  heard twice\n", 2).await;
    let bodies = received.bodies();
    assert_eq!((bodies.len(), &bodies[0]["msgId"]), (2, &bodies[1]["msgId"]));

    program.write(":fault off");
    line(&mut program, "once", "  heard once\n", 1).await;
    program.write(":fault wrong-secret");
    program.write("forged");
    program.complains("the robot did not take the callback: HTTP 401").await;
    program.write(":fault off");
    line(&mut program, "signed", "  heard signed\n", 1).await;

    program.write(":fault code 460101");
    program.write("refused");
    program.complains("DingTalk did not take POST /robot/sendBySession: {\"errcode\":460101,").await;
    program.write(":fault nonsense");
    program.complains("there is no fault \"nonsense\"; :help lists them").await;
    program.write(":fault off");
    line(&mut program, "taken", "  heard taken\n", 1).await;
    program.close_in();
    let ended = program.ended().await;
    assert_eq!(ended.code, Some(0));
    for (said, times) in
        [("twice", 2), ("once", 1), ("forged", 0), ("signed", 1), ("refused", 0), ("taken", 1)]
    {
        assert_eq!(ended.out.matches(&format!("heard {said}")).count(), times, "{said}: {}", ended.out);
    }
}

/// Whoever waits in vain is told so, and nobody else.
#[tokio::test]
async fn a_robot_that_posts_nothing() {
    let silent = robot(|_| async { Response::new(String::new()) }).await;
    let mut program = start(&silent, &["--terminal"]);
    program.write("hello");
    program.complains("the robot took it and posted nothing within 3 s").await;
    program.prints("alice@private> ", 2).await;
    program.write(":quit");
    assert_eq!(program.ended().await.code, Some(0));

    let (address, _) = chatter().await;
    let mut program = start(&address, &["--terminal"]);
    line(&mut program, "one", "  heard one\n", 1).await;
    Clock::machine().sleep(seconds(4)).await;
    program.write(":quit");
    assert_eq!(program.ended().await.err, "");
}
