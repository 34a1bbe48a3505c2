use super::*;
use crate::dingtalk::message::{At, Button, Buttons, FeedLink, FeedLinks, Target};

fn shown(text: &str) -> Shown {
    Shown::new(text).unwrap()
}

fn draft(body: Body) -> Draft {
    Draft { message: Message::new(body), links: Vec::new(), pictures: Vec::new() }
}

fn text_of(draft: &Draft) -> String {
    let message = draft.within(Limit::Webhook, Locale::En).unwrap();
    message.body.text().unwrap().as_str().to_owned()
}

/// With a link, a picture and two mentions behind it.
fn full(body: Body) -> Draft {
    let at = At::new(vec!["0147000002".into()], vec!["13800000003".into()], false).unwrap();
    let link = Link { label: "log [1]".into(), url: "https://example.com/log".into() };
    Draft {
        message: Message { body, at },
        links: vec![link],
        pictures: vec!["https://example.com/a.png".into()],
    }
}

#[test]
fn what_stands_behind_a_text() {
    insta::assert_snapshot!(text_of(&full(Body::Text(shown("done")))), @"
    done
    https://example.com/a.png
    log [1]: https://example.com/log
    @0147000002 @13800000003
    ");
    let markdown =
        Body::Markdown { title: shown("t"), text: shown("done @0147000002, @13800000003x\n```\ncode") };
    insta::assert_snapshot!(text_of(&full(markdown)), @"
    done @0147000002, @13800000003x
    ```
    code
    ```

    ![](https://example.com/a.png)

    - [log &#91;1&#93;](https://example.com/log)

    @13800000003
    ");
}

/// A mention that DingTalk would not show is made once more, on a line of its own.
#[test]
fn a_mention_that_nobody_would_get_stands_behind() {
    let at = || At::new(vec!["0147000002".into()], Vec::new(), false).unwrap();
    let of = |body| text_of(&Draft { message: Message { body, at: at() }, ..draft(Body::Text(shown("-"))) });
    let markdown = |text: &str| of(Body::Markdown { title: shown("t"), text: shown(text) });
    for text in [
        "@0147000002",
        "# build\n\nto @0147000002: look",
        "请@0147000002看一下",
        "(@0147000002)",
        "```\ncode\n```\n@0147000002.",
        "@0147000002\n\n`code`",
    ] {
        assert_eq!(markdown(text), text);
    }
    for text in [
        "done",
        "bob@0147000002",
        "@0147000002@example.com",
        "bob@0147000002.com and @0147000002.example.com",
        "https://x/@0147000002",
        "@01470000021",
        "@0147000002a",
        "```\n@0147000002\n```",
        "~~~ log\n@0147000002\n```\n~~~",
        "1. list\n   ```\n   @0147000002\n   ```",
        "`@0147000002`",
        "`a\n@0147000002\nb`",
        "look:\n\n    @0147000002",
        "look <!-- @0147000002 -->",
        "[@0147000002](https://example.com/)",
    ] {
        assert_eq!(markdown(text), format!("{text}\n\n@0147000002"));
    }
    // There is no code in plain text.
    let plain = |text: &str| of(Body::Text(shown(text)));
    assert_eq!(plain("`@0147000002`"), "`@0147000002`");
    assert_eq!(plain("bob@0147000002"), "bob@0147000002\n@0147000002");
}

#[test]
fn what_stands_behind_is_kept_where_the_text_is_cut() {
    let text = format!("{}@0147000002", "一行字\n".repeat(9000));
    let markdown = Body::Markdown { title: shown("t"), text: shown(&text) };
    let text = text_of(&full(markdown));
    let (kept, behind) = text.split_once("\n\n… ").unwrap();
    let count: usize = behind.split_once(' ').unwrap().0.parse().unwrap();
    assert_eq!(kept.lines().count() + count, 9001);
    assert!(behind.ends_with("more lines\n\n![](https://example.com/a.png)\n\n- [log &#91;1&#93;](https://example.com/log)\n\n@0147000002 @13800000003"), "{behind}");
}

#[test]
fn a_card_with_more_buttons_than_the_openapi_has_fits_as_well() {
    let button = |index| Button {
        title: shown(&format!("button {index}")),
        target: Target::new(format!("https://example.com/{index}")).unwrap(),
    };
    for count in 1..9 {
        let buttons = Buttons::vertical((0..count).map(button).collect()).unwrap();
        let card = Body::ActionCard { title: shown("t"), text: shown(&"\"字\"\n".repeat(50_000)), buttons };
        let message = draft(card).within(Limit::MsgParam, Locale::Zh).unwrap();
        let (_, param) = message.to_msg_param();
        assert!((14_900..=15_000).contains(&param.len()), "{}", param.len());
    }
}

#[test]
fn what_cannot_be_cut_is_too_long() {
    let long = || Target::new(format!("https://example.com/{}", "a".repeat(3000))).unwrap();
    let link = || FeedLink { title: shown("t"), target: long(), picture: long() };
    let feed = |count| draft(Body::FeedCard(FeedLinks::new(vec![link(); count]).unwrap()));
    assert!(feed(3).within(Limit::Webhook, Locale::En).is_ok());
    let error = feed(4).within(Limit::Webhook, Locale::En).unwrap_err();
    assert_eq!((error.most, error.came > 24_000), (19_500, true));
    let button = Button { title: shown("b"), target: long() };
    let buttons = Buttons::vertical(vec![button; 7]).unwrap();
    let card = draft(Body::ActionCard { title: shown("t"), text: shown("x"), buttons });
    assert!(card.within(Limit::Webhook, Locale::En).is_err());
}

/// As a text in Markdown, cut or whole, with the link and the mentions behind it.
fn behind(text: &str) -> String {
    let cut = text_of(&full(Body::Markdown { title: shown("t"), text: shown(text) }));
    let links = "\n\n![](https://example.com/a.png)\n\n- [log &#91;1&#93;](https://example.com/log)\n\n";
    let (text, mentions) = cut.split_once(links).unwrap();
    assert_eq!(mentions, "@0147000002 @13800000003");
    text.to_owned()
}

#[test]
fn a_line_ends_as_markdown_ends_it() {
    for text in ["start\r```\rcode", "start\r\n```\r\ncode"] {
        assert_eq!(behind(text), "start\n```\ncode\n```");
    }
    let cut = behind(&format!("start\r```\r{}```\rend", "code line\r".repeat(3000)));
    assert!(cut.contains("\ncode line\n```\n\n… "), "{}", &cut[cut.len() - 100..]);
    let link = Body::Link {
        title: shown("t"),
        text: shown("a\rb\r\n\nc"),
        url: Target::new("https://example.com").unwrap(),
        picture: String::new(),
    };
    assert_eq!(text_of(&draft(link)), "a\nb\n\nc");
}

/// What stands behind it is read as Markdown.
#[test]
fn html_hides_nothing() {
    assert_eq!(behind("<div>\n```\n</div>\n\ntext"), "\u{200B}<div>\n```\n</div>\n\ntext\n```");
    assert_eq!(behind("start\n\n<!-- oops"), "start\n\n&lt;!-- oops");
    for (open, safe, close) in [("<!--", "&lt;!--", "-->"), ("<pre>", "&lt;pre>", "</pre>")] {
        let cut = behind(&format!("start\n\n{open}\n{}{close}\nend", "a line\n".repeat(3000)));
        assert!(
            cut.starts_with(&format!("start\n\n{safe}\na line\n")) && cut.ends_with(" more lines"),
            "{cut}"
        );
    }
}

/// Each of these once took minutes.
#[test]
fn no_text_takes_long() {
    let repeated = |text: &str| text.repeat(200_000 / text.len());
    for text in [
        repeated("- ") + "x",
        repeated("> ") + "x",
        repeated(&("- ".repeat(100) + "x\n")),
        repeated(&("> ".repeat(500) + "x\n")),
        repeated("http"),
        repeated("https://"),
        repeated("[]("),
        repeated("[](("),
        repeated("[](a ("),
        repeated("[](<"),
        repeated("[](a '"),
        repeated("[](&<"),
        repeated("![](<&a;"),
        repeated("["),
        "[".repeat(100_000) + &"]()".repeat(30_000),
        "[](".repeat(6440) + &"<".repeat(90) + &">".repeat(90) + &"[](".repeat(6000),
        repeated("<"),
        repeated("&"),
        repeated("@a"),
        repeated("\\"),
        repeated("`"),
        repeated("*"),
        repeated("\t"),
        repeated("\n[a"),
    ] {
        if !text.trim().is_empty() {
            behind(&format!("x\n{text}"));
        }
    }
}
