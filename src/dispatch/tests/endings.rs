//! How a command can end.

use std::time::Duration;

use super::{ROWS, answers};
use crate::testing::{Chat, alice, signature};

#[tokio::test]
async fn how_a_command_can_end() {
    insta::assert_snapshot!(answers(&["end user", "end unknown", "end other", "end panic", "end earlier", "change"]).await, @"
    > end user
    #### end：未能完成

    mend this

    > end unknown
    #### end：结果未知，可能已经执行

    look there

    > end other
    #### 出错了

    内部错误，编号 01234567。请把编号告诉管理员，可据此在日志中查到原因。

    > end panic
    #### 出错了

    内部错误，编号 01234567。请把编号告诉管理员，可据此在日志中查到原因。

    > end earlier
    #### 出错了

    内部错误，编号 01234567。请把编号告诉管理员，可据此在日志中查到原因。

    > change
    #### change：无权执行

    没有规则允许执行这条命令。
    ");
}

#[tokio::test]
async fn a_missed_deadline_is_said() {
    let mut chat = Chat::with_rows(ROWS).await;
    let clock = chat.clock().clone();
    tokio::join!(chat.say(alice(), "end never"), clock.pass(Duration::from_secs(58)));
    insta::assert_snapshot!(chat.read(), @"
    #### end：超时

    等了 57 秒仍未完成，已放弃等待。

    @0147000002
    ");
}

#[tokio::test]
async fn a_change_wants_a_fresh_signature() {
    let mut chat = Chat::with_rows(ROWS).await;
    for (minutes, sentence) in [(5, "没有规则允许"), (6, "请重新发送一次")] {
        let callback = chat.text(&alice(), "change");
        let mut request = chat.signed(callback.to_string());
        chat.clock().advance(Duration::from_secs(60 * minutes));
        *request.headers_mut() = signature(chat.clock().now().as_millisecond() - 60_000 * minutes as i64);
        chat.send(request).await;
        let reply = chat.read();
        assert!(reply.contains(sentence), "{minutes}: {reply}");
        chat.clock().advance(Duration::from_secs(60));
    }
}
