//! The program, as somebody starts it: `--say` for scripts, `--terminal` from a pipe, and what ends them.

mod process;
mod robot;
#[path = "../support/mod.rs"]
mod support;
mod terminal;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http::Response;
use serde_json::{Value, json};
use simulator::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
};

use self::{
    process::{Ended, Program, command},
    robot::{echo, poster, robot, text},
    support::{Received, seconds, soon},
};

/// Starts it on a free port.
fn start(robot: &str, arguments: &[&str]) -> Program {
    Program::of(command(robot, &[&["--listen", "127.0.0.1:0"], arguments].concat()))
}

/// Runs it until it ends by itself.
async fn run(robot: &str, arguments: &[&str]) -> Ended {
    start(robot, arguments).ended().await
}

/// Says one line, privately.
async fn say(robot: &str, more: &[&str]) -> Ended {
    run(robot, &[&["--say", "hi"], more].concat()).await
}

#[tokio::test]
async fn every_reply_is_printed() {
    let robot = poster(|callback| async move {
        for n in 0..120 {
            callback.reply(&text(&format!("reply {n}"))).await.expect("an answer");
        }
    })
    .await;
    let expected: Vec<_> = (0..120).map(|n| format!("reply {n}")).collect();
    let ended = say(&robot, &[]).await;
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert_eq!(ended.lines(), expected);

    let ended = say(&robot, &["--json", "--in", "ops"]).await;
    assert_eq!(ended.code, Some(0));
    let posted: Vec<Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(posted, expected.iter().map(|content| text(content)).collect::<Vec<_>>());
}

/// Who goes on talking is heard, but not for longer than was asked for.
#[tokio::test]
async fn replies_after_the_first() {
    let robot = poster(|callback| async move {
        let clock = Clock::machine();
        tokio::spawn(async move {
            let mut n = 0;
            while callback.reply(&text(&n.to_string())).await.is_some() {
                n += 1;
                clock.sleep(Duration::from_millis(20)).await;
            }
        });
    })
    .await;
    let clock = Clock::machine();
    let began = clock.now();
    let ended = soon(say(&robot, &["--wait", "2"])).await;
    let took = Duration::try_from(clock.now().duration_since(began)).expect("a while");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(took >= Duration::from_millis(1_900), "{took:?}: {:?}", ended.lines());
    assert_eq!(ended.lines().first(), Some(&"0"));
}

/// A robot may say that it is still at it: who knows that listens for longer.
#[tokio::test]
async fn a_reply_that_follows_another_later() {
    let robot = poster(|callback| async move {
        callback.reply(&text("still at it")).await;
        tokio::spawn(async move {
            Clock::machine().sleep(seconds(1)).await;
            callback.reply(&text("done")).await;
        });
    })
    .await;
    assert_eq!(say(&robot, &[]).await.lines(), ["still at it"]);
    let ended = say(&robot, &["--settle", "3"]).await;
    assert_eq!((ended.code, ended.lines()), (Some(0), vec!["still at it", "done"]));
    let clock = Clock::machine();
    let began = clock.now();
    let ended = soon(say(&robot, &["--settle", &u64::MAX.to_string(), "--wait", "2"])).await;
    assert_eq!((ended.code, ended.lines()), (Some(0), vec!["still at it", "done"]));
    assert!(clock.now().duration_since(began).as_secs() < 15);
}

/// What a robot does without replying keeps nobody waiting.
#[tokio::test]
async fn a_robot_that_is_busy_with_itself() {
    let robot = poster(|callback| async move {
        for _ in 0..4 {
            let callback = callback.clone();
            tokio::spawn(async move { while callback.token().await.is_some() {} });
        }
    })
    .await;
    let clock = Clock::machine();
    let began = clock.now();
    let ended = soon(say(&robot, &["--wait", "2"])).await;
    ended.failed(1, "no reply within 2 s");
    let took = Duration::try_from(clock.now().duration_since(began)).expect("a while");
    assert!(seconds(2) <= took && took < seconds(15), "{took:?}");
}

/// The longest wait that can be asked for is one.
#[tokio::test]
async fn a_wait_without_end() {
    let ended = say(&echo(text("hi")).await, &["--wait", &u64::MAX.to_string()]).await;
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), "hi\n\n", ""));
}

#[tokio::test]
async fn what_a_terminal_would_obey_is_shown() {
    let ended = say(&echo(text("a\x1b]0;x\x07b\u{9b}31m\u{202e}c")).await, &[]).await;
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.lines(), ["a\\u{1b}]0;x\\u{7}b\\u{9b}31m\\u{202e}c"]);
}

#[tokio::test]
async fn what_markdown_has_beside_text() {
    let markdown = "用 Vec<String> 存\n\n![图](https://a.example/a.png)";
    let reply = json!({ "msgtype": "markdown", "markdown": { "title": "t", "text": markdown } });
    let ended = say(&echo(reply).await, &[]).await;
    assert_eq!(ended.lines(), ["用 Vec<String> 存", "[picture https://a.example/a.png] 图"]);
    let robot = poster(|callback| async move {
        let picture = json!({ "msgtype": "image", "image": { "picURL": "https://a.example/b.png" } });
        callback.reply(&picture).await;
    });
    assert_eq!(say(&robot.await, &[]).await.lines(), ["[picture] https://a.example/b.png"]);
}

/// What is posted elsewhere is no reply.
#[tokio::test]
async fn a_reply_in_another_conversation() {
    let answers = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&answers);
    let robot = poster(move |callback| {
        let kept = Arc::clone(&kept);
        async move {
            let token = callback.token().await.expect("an answer")["accessToken"].clone();
            let body = json!({
                "robotCode": callback.json["robotCode"],
                "openConversationId": "cidDEVAAAAAAAAAAAAAAAA==",
                "msgKey": "sampleText",
                "msgParam": r#"{"content":"elsewhere"}"#,
            });
            let path = "/v1.0/robot/groupMessages/send";
            let answer = callback.api(path, token.as_str().expect("a token"), &body).await;
            kept.lock().unwrap_or_else(PoisonError::into_inner).push(answer.expect("an answer"));
        }
    })
    .await;
    say(&robot, &["--in", "ops", "--wait", "1"]).await.failed(1, "no reply within 1 s");
    let ended = say(&robot, &["--in", "dev"]).await;
    assert_eq!((ended.code, ended.lines()), (Some(0), vec!["elsewhere"]));
    let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(answers.iter().all(|answer| answer["processQueryKey"].is_string()), "{answers:?}");
}

#[tokio::test]
async fn the_address_that_the_robot_is_told() {
    let received = Received::default();
    let kept = received.clone();
    let robot = robot(move |request| {
        kept.keep(request);
        async { Response::new(text("hi").to_string()) }
    })
    .await;
    for wrong in ["nonsense", "https://x.example/base/?q=1", "", "ftp://x.example", "http://me@x.example"] {
        let ended = say(&robot, &["--public-url", wrong]).await;
        ended.failed(2, "expected scheme, host and port, such as http://host.docker.internal:8000");
    }
    assert!(received.take().is_empty());
    for (given, shown) in
        [("http://x.example:8000/", "http://x.example:8000"), ("HTTPS://X.example", "https://x.example")]
    {
        assert_eq!(say(&robot, &["--public-url", given]).await.lines(), ["hi"]);
        let webhook = received.bodies()[0]["sessionWebhook"].as_str().expect("an address").to_owned();
        assert!(webhook.starts_with(&format!("{shown}/robot/sendBySession?session=")), "{webhook}");
    }
}

#[tokio::test]
async fn a_robot_that_does_not_take_the_callback() {
    // An address that nobody listens on, and that nobody else can be given meanwhile.
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let nobody = format!("http://{}/", socket.local_addr().expect("an address"));
    say(&nobody, &[]).await.failed(1, "the robot did not take the callback: ");

    let robot = robot(|_| async {
        let mut response = Response::new("who\x1b[2J are you".to_owned());
        *response.status_mut() = http::StatusCode::UNAUTHORIZED;
        response
    });
    say(&robot.await, &[])
        .await
        .failed(1, "the robot did not take the callback: HTTP 401 who\\u{1b}[2J are you\n");
}

#[tokio::test]
async fn what_does_not_start() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    let robot = "http://127.0.0.1:9/";
    let ended = Program::of(command(robot, &["--listen", &taken, "--say", "hi"])).ended().await;
    ended.failed(2, &format!("simulator: --listen {taken}: "));
    run("https://robot.example/", &["--say", "hi"]).await.failed(2, "expected an http address");
    say(robot, &["--secret", ""]).await.failed(2, "--secret: expected the app's Client Secret, came nothing");
    say(robot, &["--as", "dan"]).await.failed(1, "expected one of the people alice, bob, nobody, carol");
    let help = run(robot, &["--help"]).await;
    assert!(help.code == Some(0) && help.out.contains("DINGTALK_APP_SECRET"), "{help:?}");
}

/// Whoever reads may have had enough at any time: `| head -1`.
#[tokio::test]
async fn nobody_reads_what_is_printed() {
    let robot = poster(|callback| async move {
        for n in 0..50 {
            callback.reply(&text(&n.to_string())).await;
        }
    })
    .await;
    for (arguments, code) in
        [(&["--say", "hi"][..], 1), (&["--say", "hi", "--json"], 1), (&["--terminal"], 2), (&[], 2)]
    {
        let command = command(&robot, &[&["--listen", "127.0.0.1:0"], arguments].concat());
        let ended = Program::unread(command).ended().await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        assert!(!ended.err.contains("panicked"), "{arguments:?}: {ended:?}");
    }

    // It is in the middle of a chat when nobody reads any more.
    let card = json!({ "msgtype": "actionCard", "actionCard":
        { "title": "t", "text": "x", "singleTitle": "s", "singleURL": "https://a.example/" } });
    let robot = echo(card).await;
    for line in [":help", ":press 1", "hi"] {
        let command = command(&robot, &["--listen", "127.0.0.1:0", "--terminal"]);
        let mut program = Program::read_while(command, |text| text.matches("private> ").count() < 2);
        program.write("hi");
        program.out.closed().await;
        program.write(line);
        let ended = program.ended().await;
        assert_eq!(ended.code, Some(1), "{line:?}: {ended:?}");
        assert!(!ended.err.contains("panicked"), "{line:?}: {ended:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn it_ends_when_it_is_told_to() {
    let robot = echo(text("hi")).await;
    for signal in ["-INT", "-TERM"] {
        for (arguments, ready) in [(&[][..], "Ctrl-C ends it"), (&["--terminal"], "private> ")] {
            let program = start(&robot, arguments);
            program.prints(ready, 1).await;
            // It listens to signals once it has answered something.
            let address = program.out.text();
            let (_, address) = address.split_once("OpenAPI: http://").expect("an address");
            let address = address.split_whitespace().next().expect("an address");
            let mut stream = TcpStream::connect(address).await.expect("it listens");
            stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.expect("it reads");
            stream.read_exact(&mut [0; 4]).await.expect("an answer");
            program.signal(signal);
            let ended = program.ended().await;
            assert_eq!(ended.code, Some(0), "{signal} {arguments:?}: {ended:?}");
        }
    }
}
