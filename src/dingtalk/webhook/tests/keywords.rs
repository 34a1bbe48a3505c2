//! A keyword in every message, and never too many bytes.

use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::{
    dingtalk::{
        draft::Draft,
        markdown::Limit,
        message::{Button, Buttons, FeedLink, Target},
    },
    locale::Locale,
};

fn shown(text: &str) -> Shown {
    Shown::or_ellipsis(text)
}

fn target() -> Target {
    Target::new("https://example.com/").unwrap()
}

/// Each type with this text and title.
fn bodies(title: &str, text: &str) -> [Body; 5] {
    let button = Button { title: shown("看"), target: target() };
    let link = |title| FeedLink { title: shown(title), target: target(), picture: target() };
    [
        Body::Text(shown(text)),
        Body::Markdown { title: shown(title), text: shown(text) },
        Body::Link { title: shown(title), text: shown(text), url: target(), picture: String::new() },
        Body::ActionCard {
            title: shown(title),
            text: shown(text),
            buttons: Buttons::vertical(vec![button]).unwrap(),
        },
        Body::FeedCard(FeedLinks::new(vec![link(title), link("另一个")]).unwrap()),
    ]
}

fn webhook(words: &[&str]) -> Webhook {
    let robot = CustomRobot { keywords: keywords(words), ..robot() };
    Webhook::new("http://127.0.0.1:1".parse().unwrap(), robot)
}

#[tokio::test]
async fn every_type_arrives_with_a_keyword() {
    let ours = CustomRobot { keywords: keywords(&["监控", "alert"]), ..robot() };
    let group = Group::with(ours, |organisation| {
        organisation.custom_robots[0].keywords = vec!["监控".into(), "alert".into()];
    })
    .await;
    let mut arrived = Vec::new();
    for body in bodies("标题", "一行") {
        group.send(&Message::new(body)).await.unwrap();
        arrived.push(group.dingtalk.read().unwrap().to_string());
    }
    insta::assert_snapshot!(arrived.join("\n====\n"), @"
    一行
    监控
    ====
    一行

    监控
    ====
    标题
    一行 · 监控
    https://example.com/
    ====
    一行

    监控

    [看](https://example.com/)
    ====
    [标题 · 监控](https://example.com/)
    [另一个](https://example.com/)
    ");
}

#[test]
fn what_has_a_keyword_stays() {
    let webhook = webhook(&["监控", "alert"]);
    for body in bodies("an alert", "an alert") {
        let message = Message::new(body);
        assert_eq!(webhook.with_keyword(message.clone()), message);
    }
    // A preview in the conversation list is no part of the message.
    let [_, markdown, link, card, _] = bodies("an alert", "hello").map(Message::new);
    assert_eq!(webhook.with_keyword(link.clone()), link);
    for message in [markdown, card] {
        let with = webhook.with_keyword(message);
        assert_eq!(with.body.text().unwrap().as_str(), "hello\n\n监控");
    }
}

#[test]
fn a_keyword_is_plain_text() {
    for word in ["监控", "deploy done", "[prod]", &"字".repeat(64)] {
        assert!(Keyword::new(word).is_ok(), "{word}");
    }
    for word in ["", " ", "a ", "a\nb", &"字".repeat(65), "\u{202E}x"] {
        assert_eq!(Keyword::new(word), Err(InvalidKeyword), "{word}");
    }
}

const PIECES: &[&str] = &[
    "中文字",
    "😀",
    "👨‍👩‍👧",
    "plain ",
    "\n",
    "\"\\",
    "\n```\n",
    "[一](https://example.com/)",
    "@0147000002 ",
    "\u{1}",
    "监控 ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_text_is_too_long_and_none_lacks_a_keyword(
        pieces in vec(select(PIECES), 1..40), bytes in 0_usize..200_000, word in "[\"\\\\一-十😀]{1,64}",
    ) {
        let mut text: String = pieces.iter().cycle().take(bytes).copied().collect();
        text.truncate(text.floor_char_boundary(bytes));
        let webhook = webhook(&[&word]);
        let title: String = text.chars().take(64).collect();
        for body in bodies(&title, &text) {
            let draft = Draft { message: Message::new(body), links: Vec::new(), pictures: Vec::new() };
            let (_, param) = draft.within(Limit::MsgParam, Locale::En).unwrap().to_msg_param();
            prop_assert!(param.len() <= 15_000, "{}", param.len());
            let message = draft.within(Limit::Webhook, Locale::Zh);
            let message = webhook.with_keyword(message.unwrap());
            prop_assert!(says(&message.body, &word));
            let post = Post { message: &message, uuid: "0123456789abcdef0123456789abcdef" };
            let length = serde_json::to_vec(&post).unwrap().len();
            prop_assert!(length <= 20_000, "{length}");
        }
    }
}
