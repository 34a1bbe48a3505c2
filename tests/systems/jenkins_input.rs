//! Conversations with a Jenkins: builds that wait for somebody.

use http::Method;

use crate::{
    fakes::{Answer, Fault, jenkins::Job},
    jenkins::start,
    talk::{ask, coded, confirmed, shown},
};

#[tokio::test]
async fn a_step_is_approved_or_rejected() {
    let (mut chat, jenkins) = start().await;
    confirmed(&mut chat, "jenkins build team/release").await;
    let card = ask(&mut chat, "jenkins 同意 team/release 1").await;
    insta::assert_snapshot!(shown(&card), @"
    #### jenkins approve：请确认

    ```
    jenkins approve team/release 1
    ```

    - 让 team/release #1 继续：Release to production?

    10 分钟内有效，只对你本人、在本群有效。引用这条消息并回复「确认」，或者 &#64;我 发送这一行：

    ```
    jenkins approve team/release 1 --confirm CODE
    ```

    @0147000002
    ");
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/release #1：已同意，继续执行

    Release to production?

    - 状态：**jenkins status team/release 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/release/1/)
    ");
    insta::assert_snapshot!(ask(&mut chat, "jenkins approve team/release 1").await, @"
    #### jenkins approve：未能完成

    team/release #1 没有在等待同意的步骤。

    @0147000002
    ");
    confirmed(&mut chat, "jenkins build team/release").await;
    insta::assert_snapshot!(confirmed(&mut chat, "jenkins 驳回 team/release 2").await, @"
    #### team/release #2：已驳回，构建结束

    Release to production?

    - 状态：**jenkins status team/release 2**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/release/2/)
    ");
    assert_eq!(jenkins.world().build("team/release", 2).unwrap().result.as_deref(), Some("ABORTED"));
}

#[tokio::test]
async fn a_code_approves_one_step_of_those_that_ask_the_same() {
    let (mut chat, jenkins) = start().await;
    confirmed(&mut chat, "jenkins build team/release").await;
    let card = ask(&mut chat, "jenkins approve team/release 1").await;
    assert!(ask(&mut chat, &coded(&card)).await.contains("已同意"));
    jenkins.world().jobs.get_mut("team/release").unwrap().builds[0].input =
        Some("Release to production?".into());
    chat.another_process();
    let second = ask(&mut chat, &coded(&card)).await;
    assert!(second.starts_with("#### 没有执行"), "{second}");
    assert_eq!(jenkins.writes().iter().filter(|line| line.contains("proceedEmpty")).count(), 1);
}

#[tokio::test]
async fn a_build_that_waits_for_approval_says_so() {
    let (mut chat, jenkins) = start().await;
    let card = ask(&mut chat, "jenkins build team/release --wait").await;
    // It stops waiting at the question, without a look more.
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### team/release #1：等待确认

    - **等待确认**：Release to production?
    - **开始**：08:00:00
    - **用时**：0s（通常 1m20s）
    - **触发**：Started by user bot
    - **说明**：由爱丽丝（0147000002）在钉钉发起

    - 同意：**jenkins approve team/release 1**
    - 驳回：**jenkins reject team/release 1**
    - 状态：**jenkins status team/release 1**
    - 日志：**jenkins log team/release 1 --lines 30**
    - 停止：**jenkins stop team/release 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/release/1/)
    ");
    let reply = ask(&mut chat, "jenkins status team/release 1").await;
    assert!(reply.starts_with("#### team/release #1：等待确认"), "{reply}");
    confirmed(&mut chat, "jenkins approve team/release 1").await;
    let reply = ask(&mut chat, "jenkins status team/release 1").await;
    assert!(reply.starts_with("#### team/release #1：构建中") && !reply.contains("同意"), "{reply}");
    // That the question cannot be read takes nothing from the build.
    confirmed(&mut chat, "jenkins build team/release").await;
    jenkins.world().tells_inputs = false;
    let reply = ask(&mut chat, "jenkins status team/release 2").await;
    assert!(reply.starts_with("#### team/release #2：构建中"), "{reply}");
}

#[tokio::test]
async fn each_of_several_steps_is_approved_by_its_id() {
    let (mut chat, jenkins) = start().await;
    let answer = |status, body: serde_json::Value| {
        jenkins.fail_next(Method::GET, Fault::Answer(Answer::json(status, &body)));
    };
    let json = serde_json::json!({ "number": 1, "building": true });
    answer(200, json.clone());
    let step = |id: &str| serde_json::json!({ "id": id, "displayName": format!("{id}?"), "settled": false });
    answer(200, serde_json::json!({ "executions": [step("Europe"), step("Asia")] }));
    insta::assert_snapshot!(ask(&mut chat, "jenkins status team/web 1").await, @"
    #### team/web #1：等待确认

    - **等待确认**：Europe?
    - **等待确认**：Asia?

    - 同意：**jenkins approve team/web 1 --input Europe**
    - 驳回：**jenkins reject team/web 1 --input Europe**
    - 同意：**jenkins approve team/web 1 --input Asia**
    - 驳回：**jenkins reject team/web 1 --input Asia**
    - 状态：**jenkins status team/web 1**
    - 日志：**jenkins log team/web 1 --lines 30**
    - 停止：**jenkins stop team/web 1**

    @0147000002

    [打开 Jenkins](https://ci.example.com/job/team/job/web/1/)
    ");
    // By the list of an older plugin, a step that asks for values: those are given at its page.
    answer(200, json);
    answer(404, serde_json::json!({}));
    let values =
        serde_json::json!([{ "id": "Ok", "message": "Version?", "inputs": [{ "name": "VERSION" }] }]);
    answer(200, values);
    let reply = ask(&mut chat, "jenkins status team/web 1").await;
    assert!(reply.contains("Version?") && reply.contains("驳回") && !reply.contains("同意"), "{reply}");
}

#[tokio::test]
async fn a_question_is_shown_whole_and_answered_by_who_may() {
    let (mut chat, jenkins) = start().await;
    let question = "Release web and api to production? They are down for three minutes.";
    let release = |of: fn(&mut Job)| of(jenkins.world().jobs.get_mut("team/release").unwrap());
    release(|job| job.asks = Some("Release web and api to production? They are down for three minutes."));
    confirmed(&mut chat, "jenkins build team/release").await;
    let card = ask(&mut chat, "jenkins approve team/release 1").await;
    assert!(card.contains(question), "{card}");
    assert!(jenkins.asked().iter().all(|asked| !asked.line.contains("wfapi")));
    // One that names others is not settled by the bot, and says so.
    release(|job| job.submitter = Some("leads"));
    insta::assert_snapshot!(ask(&mut chat, &coded(&card)).await, @"
    #### jenkins approve：未能完成

    Jenkins 没有接受：这一步只让 leads 处理，请到页面上处理；也可能刚被别人处理过。

    @0147000002
    ");
    // One that asks for values is told before anybody confirms it.
    release(|job| job.asks_for = vec![serde_json::json!({ "name": "VERSION" })]);
    insta::assert_snapshot!(ask(&mut chat, "jenkins approve team/release 1").await, @"
    #### jenkins approve：未能完成

    这一步要填写参数，请到页面上处理：https&#58;//ci.example.com/job/team/job/release/1/input/

    @0147000002
    ");
    let reply = ask(&mut chat, "jenkins status team/release 1").await;
    assert!(reply.contains("驳回") && !reply.contains("同意"), "{reply}");
    assert_eq!(jenkins.world().build("team/release", 1).unwrap().approvals, 0);
}

#[tokio::test]
async fn a_code_is_for_the_question_that_was_shown() {
    let (mut chat, jenkins) = start().await;
    confirmed(&mut chat, "jenkins build team/release").await;
    let card = ask(&mut chat, "jenkins approve team/release 1").await;
    let before = jenkins.writes().len();
    jenkins.world().jobs.get_mut("team/release").unwrap().builds[0].input =
        Some("Drop the production database? DB_PASSWORD=hunter2hunter2".into());
    let reply = ask(&mut chat, &coded(&card)).await;
    assert!(reply.contains("已经执行过，或者") && jenkins.writes().len() == before, "{reply}");
    let card = ask(&mut chat, "jenkins approve team/release 1").await;
    assert!(card.contains("Drop the production database?") && !card.contains("hunter2"), "{card}");
}
