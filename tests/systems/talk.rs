//! What conversations with systems have in common.

use std::{sync::Arc, time::Duration};

use dingops::testing::{Chat, alice};

/// People and places, and alice may do everything, each write confirmed by her.
pub const RULES: &str = "
[people]
alice = '0147000002'
bob = '0147000003'
[groups]
ops = 'cidOPSAAAAAAAAAAAAAAAA=='
";

/// Longer than a command sleeps between two looks, shorter than any request may take.
const LIMIT: Duration = Duration::from_millis(2500);

/// What alice reads after she said this.
pub async fn ask(chat: &mut Chat, line: &str) -> String {
    chat.say(alice(), line).await;
    chat.read()
}

/// The same, while the clock goes on whenever something sleeps for less than [`LIMIT`]: no request is that short of
/// time.
pub async fn ask_for_long(chat: &mut Chat, line: &str) -> String {
    let dingtalk = Arc::clone(chat.dingtalk());
    let passing = async {
        loop {
            dingtalk.clock().pass(LIMIT).await;
        }
    };
    tokio::select! {
        () = chat.say(alice(), line) => {}
        () = passing => {}
    }
    chat.read()
}

/// The line with a code that a card shows.
pub fn coded(card: &str) -> String {
    let line = card.lines().filter(|line| !line.contains("dtmd://")).find(|line| line.contains("--confirm "));
    line.unwrap_or_else(|| panic!("a line with a code in {card}")).to_owned()
}

/// A card whose code is the same in every run.
pub fn shown(card: &str) -> String {
    let line = coded(card);
    let code = line.rsplit(' ').next().unwrap_or_default();
    card.replace(code, "CODE")
}

/// Says this, confirms it, and reads what came of it.
pub async fn confirmed(chat: &mut Chat, line: &str) -> String {
    let card = ask(chat, line).await;
    ask(chat, &coded(&card)).await
}

/// What alice reads after she said this to a system that answers neither of two requests, and was told of `waits_for`
/// meanwhile.
pub async fn ask_in_vain(chat: &mut Chat, line: &str, waits_for: &str) -> String {
    let dingtalk = Arc::clone(chat.dingtalk());
    let passing = async {
        dingtalk.clock().pass(Duration::from_secs(11)).await;
        let progress = dingtalk.next(Duration::from_secs(30)).await.unwrap().to_string();
        assert!(progress.contains(&format!("正在等待：{waits_for}")), "{progress}");
        for _answer in ["the first", "the second"] {
            dingtalk.clock().pass(Duration::from_secs(16)).await;
        }
    };
    tokio::join!(chat.say(alice(), line), passing);
    chat.read()
}
