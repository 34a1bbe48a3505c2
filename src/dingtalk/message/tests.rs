use serde_json::json;

use super::*;

fn shown(text: &str) -> Shown {
    Shown::new(text).unwrap()
}

fn target(url: &str) -> Target {
    Target::new(url).unwrap()
}

fn button(title: &str) -> Button {
    Button { title: shown(title), target: target("https://example.com/") }
}

fn card(buttons: Buttons) -> Message {
    Message::new(Body::ActionCard { title: shown("标题"), text: shown("正文"), buttons })
}

#[test]
fn what_shows_nothing_is_no_message() {
    assert_eq!(Shown::new(" \n"), None);
    assert_eq!(Target::new("javascript:alert(1)"), None);
    assert_eq!(Target::new("dtmd://elsewhere/"), None);
    assert_eq!(Buttons::vertical(Vec::new()), None);
    assert_eq!(FeedLinks::new(Vec::new()), None);
    assert_eq!(At::new(vec![String::new(); 30], vec![String::new(); 21], false), Err(TooMany(51)));
}

/// protocol.md 4, casing included.
#[test]
fn every_type_as_the_webhooks_want_it() {
    let at = At::new(vec!["0147000002".into()], vec!["13800000002".into()], true).unwrap();
    let text = Message { body: Body::Text(shown("好 @0147000002")), at };
    let link = Message::new(Body::Link {
        title: shown("标题"),
        text: shown("正文"),
        url: target("https://example.com/"),
        picture: String::new(),
    });
    let two = Buttons::horizontal(button("同意"), button("拒绝"));
    let picture = target("https://example.com/a.png");
    let feed_link = FeedLink { title: shown("一"), target: target("https://example.com/"), picture };
    let feed = Message::new(Body::FeedCard(FeedLinks::new(vec![feed_link]).unwrap()));
    for (message, wire) in [
        (
            text,
            json!({ "msgtype": "text", "text": { "content": "好 @0147000002" },
            "at": { "atUserIds": ["0147000002"], "atMobiles": ["13800000002"], "isAtAll": true } }),
        ),
        (
            link,
            json!({ "msgtype": "link", "link": { "title": "标题", "text": "正文",
            "messageUrl": "https://example.com/", "picUrl": "" } }),
        ),
        (
            card(Buttons::vertical(vec![button("看")]).unwrap()),
            json!({ "msgtype": "actionCard", "actionCard": {
            "title": "标题", "text": "正文", "singleTitle": "看", "singleURL": "https://example.com/" } }),
        ),
        (
            card(two),
            json!({ "msgtype": "actionCard", "actionCard": {
            "title": "标题", "text": "正文", "btnOrientation": "1", "btns": [
                { "title": "同意", "actionURL": "https://example.com/" },
                { "title": "拒绝", "actionURL": "https://example.com/" } ] } }),
        ),
        (
            feed,
            json!({ "msgtype": "feedCard", "feedCard": { "links": [ { "title": "一",
            "messageURL": "https://example.com/", "picURL": "https://example.com/a.png" } ] } }),
        ),
    ] {
        assert_eq!(message.to_json(), wire);
    }
}

#[test]
fn every_type_as_the_openapi_has_it() {
    let several = |count| card(Buttons::vertical(vec![button("看"); count]).unwrap());
    let keys = (1..=6).map(|count| several(count).to_msg_param().0).collect::<Vec<_>>();
    let expected = ["", "2", "3", "4", "5"].map(|count| format!("sampleActionCard{count}"));
    assert_eq!(keys[..5], expected);
    assert_eq!(keys[5], "sampleMarkdown", "more buttons than it has become links");
    let (_, param) = several(6).to_msg_param();
    assert_eq!(param.matches("- [看](https://example.com/)").count(), 6);
    let (key, param) = card(Buttons::horizontal(button("同意"), button("拒绝"))).to_msg_param();
    let param: Value = serde_json::from_str(&param).unwrap();
    assert_eq!((key, &param["buttonTitle2"]), ("sampleActionCard6", &json!("拒绝")));
    assert_eq!(
        Message::new(Body::Text(shown("好"))).to_msg_param(),
        ("sampleText", r#"{"content":"好"}"#.into())
    );
}

#[test]
fn what_becomes_a_link_of_a_list_cannot_be_left() {
    let feed_link = |title: &str, url: &str| FeedLink {
        title: shown(title),
        target: target(url),
        picture: target("https://example.com/a.png"),
    };
    let feed = FeedLinks::new(vec![
        feed_link("a](b) *[c*\nd", "https://example.com/x(y) z"),
        feed_link("说", "dtmd://dingtalkclient/sendMessage?content=a) [b"),
    ]);
    let (_, param) = Message::new(Body::FeedCard(feed.unwrap())).to_msg_param();
    let param: Value = serde_json::from_str(&param).unwrap();
    insta::assert_snapshot!(param["text"].as_str().unwrap(), @"
    - [a&#93;(b) &#42;&#91;c&#42; d](https://example.com/x%28y%29%20z)
    - [说](dtmd://dingtalkclient/sendMessage?content=a%29%20%5Bb)
    ");
}
