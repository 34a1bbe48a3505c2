mod outside;
mod properties;

use proptest::prelude::*;

use super::{escape::escape, *};

fn group() -> Reader {
    let mention =
        Mention { staff_id: Some("0147000002".into()), dingtalk_id: None, nick: "爱丽丝".into() };
    Reader { mention: Some(mention), can_tap: false }
}

fn text(reply: &Reply) -> String {
    shown(&render(reply, &Reader { mention: None, can_tap: true }, Limit::Webhook, Locale::En))
}

/// The text of a message, then its buttons.
fn shown(message: &Message) -> String {
    match &message.body {
        Body::Markdown { text, .. } => text.as_str().to_owned(),
        Body::ActionCard { text, buttons, .. } => {
            let button =
                |button: &Button| format!("\n\n[{}]({})", button.title.as_str(), button.target.as_str());
            buttons.list().iter().map(button).fold(text.as_str().to_owned(), |text, button| text + &button)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_block() {
    let reply = Reply::new("title")
        .text("one\ntwo")
        .fields([("name", "value"), ("name: 2", "a*b")])
        .block(Block::List {
            heading: "heading".into(),
            items: vec!["first".into(), Text::default().strong("second")],
        })
        .block(Block::Table {
            head: vec!["pod".into(), "ready".into()],
            rows: vec![vec!["web-1".into(), "1/1".into()], vec!["web-2".into(), "0/1".into()]],
        })
        .code("let x = `1`;\n  indented <b>")
        .note("careful\nplease")
        .block(Block::Markdown("**bold** [link](https://example.com)".into()))
        .action("log", "jenkins log web 7");
    let reply =
        Reply { more: Some(More { count: 3, url: Some("https://example.com/a(b)".into()) }), ..reply };
    insta::assert_snapshot!(text(&reply).replace('\u{200B}', "<ZWSP>"), @"
    #### title

    one  
      two

    - **name**: value
    - **name: 2**: a&#42;b

    **heading**

    - first
    - **second**

    - **web-1** · ready 1/1
    - **web-2** · ready 0/1

    ```
    let x = `1`;
      indented <<ZWSP>b>
    ```

    > careful  
      > please

    **bold** [link](https://example.com)

    - [log](dtmd://dingtalkclient/sendMessage?content=jenkins%20log%20web%207)

    [… 3 more lines](https://example.com/a%28b%29)
    ");
}

#[test]
fn a_staff_id_that_is_none_mentions_nobody() {
    let mut reader = group();
    if let Some(mention) = &mut reader.mention {
        mention.staff_id = Some("x\n# [y](https://evil.example)".into());
    }
    let message = render(&Reply::new("pong"), &reader, Limit::Webhook, Locale::En);
    assert_eq!(message.at, At::default());
    assert_eq!(shown(&message), "#### pong\n\n@爱丽丝");
}

#[test]
fn nobody_mentions_everyone() {
    for (staff_id, nick) in [(Some("all"), "x"), (Some("ALL"), "x"), (None, "all"), (None, " 所有人 ")] {
        let mention = Mention { staff_id: staff_id.map(str::to_owned), dingtalk_id: None, nick: nick.into() };
        let message = render(
            &Reply::new("pong"),
            &Reader { mention: Some(mention), can_tap: false },
            Limit::Webhook,
            Locale::En,
        );
        assert_eq!(message.at, At::default());
        let text = shown(&message).to_lowercase();
        assert!(!text.contains("@all") && !text.contains("@所有人"), "{text}");
    }
}

#[test]
fn several_buttons_are_below_one_another() {
    let reply = Reply::new("t").link("one", "https://example.com/1").link("two", "https://example.com/2");
    let json = serde_json::to_value(render(&reply, &group(), Limit::Webhook, Locale::En)).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "msgtype": "actionCard",
            "actionCard": {
                "title": "t",
                "text": "#### t\n\n@0147000002",
                "btnOrientation": "0",
                "btns": [
                    { "title": "one", "actionURL": "https://example.com/1" },
                    { "title": "two", "actionURL": "https://example.com/2" },
                ],
            },
            "at": { "atUserIds": ["0147000002"] },
        })
    );
}

#[test]
fn a_long_reply_says_how_much_is_left_out() {
    let code: String = (1..=5_000).map(|line| format!("line {line}\n")).collect();
    let shown = text(&Reply::new("log").code(code).text("after"));
    let end = shown.rsplit("\n\n").next().unwrap();
    let kept = shown.matches("\nline ").count();
    assert_eq!(end, format!("… {} more lines", 5_000 - kept + 1));
    assert!(kept > 1_000);
    assert_eq!(shown.matches("```").count(), 2);
}

/// The last parts of a reply that is cut, each in one line.
fn end(reply: &Reply, parts: usize) -> Vec<String> {
    let shown = text(reply);
    let mut end: Vec<String> =
        shown.rsplit("\n\n").take(parts).map(|part| part.replace('\n', "\u{23CE}")).collect();
    end.reverse();
    end
}

#[test]
fn a_line_that_is_too_long_is_cut_inside() {
    let long = "很长的一行 [x] & ".repeat(2_000);
    let markdown = |text: &str| Block::Markdown(text.to_owned());
    let reply = || Reply::new("title").text("before");
    let fields = || [("name", long.as_str()), ("next", "value")];
    let list = || Block::List { heading: "list".into(), items: vec![long.as_str().into(), "next".into()] };
    let row = |cell: &str| vec!["row".into(), cell.into()];
    let table = || Block::Table { head: vec!["a".into(), "b".into()], rows: vec![row(&long), row("next")] };
    for (reply, hidden) in [
        (reply().text(long.as_str()).text("next"), 2),
        (reply().fields(fields()), 2),
        (reply().block(list()), 2),
        (reply().block(table()), 2),
        (reply().note(long.as_str()).note("next\nand next"), 3),
        (reply().code(format!("{long}\nnext\n\nand next")), 4),
        (reply().block(markdown(&long)), 1),
        (reply().block(markdown(&format!("{long}\n\nnext\n```\nand next\n```\n"))), 3),
        (reply().text(Text::default().strong(long.as_str())), 1),
    ] {
        let shown = text(&reply);
        let lines = if hidden == 1 { "line" } else { "lines" };
        assert!(shown.ends_with(&format!("\n\n… {hidden} more {lines}")), "{}", &shown[shown.len() - 200..]);
        assert!(wire_length(&shown) > 19_000, "{}", wire_length(&shown));
        assert_eq!(shown.matches('…').count(), 2);
        assert_eq!(shown.matches("**").count() % 2, 0);
    }
}

#[test]
fn a_code_block_of_an_answer_is_closed_before_the_count() {
    let lines = "x = 1\n".repeat(5_000);
    for (fence, close) in [("```", "```"), ("~~~~ sh", "~~~~"), ("  ````", "````"), ("- ~~~", "  ~~~")] {
        let lines = if fence.starts_with('-') { lines.replace('x', "  x") } else { lines.clone() };
        let reply = Reply::new("t").block(Block::Markdown(format!("{fence}\n{lines}")));
        let end = end(&reply, 2);
        assert!(end[0].ends_with(&format!("\u{23CE}{close}")), "{fence}");
        assert!(end[1].starts_with("… "), "{fence}");
    }
    // One that the operator never closed does not swallow what follows.
    let reply = Reply::new("t").block(Block::Markdown("~~~\nx".into())).text("behind");
    assert_eq!(text(&reply), "#### t\n\n~~~\nx\n~~~\n\nbehind");
}

#[test]
fn what_stands_behind_the_content_is_kept_where_it_is_cut() {
    let reply = Reply::new("t").text("a line\n".repeat(5_000)).action("log", "jenkins log web 7");
    let url = "https://example.com/log".to_owned();
    let action = "- [log](dtmd://dingtalkclient/sendMessage?content=jenkins%20log%20web%207)";
    let reply = Reply { more: Some(More { count: 40, url: Some(url) }), ..reply };
    let shown = text(&reply);
    let count = 5_040 - shown.matches("a line").count();
    assert_eq!(end(&reply, 2), [action, &format!("[… {count} more lines](https://example.com/log)")]);
    // What is too long by itself is left out, and is no line of the content.
    let reply = reply.action("x", "y".repeat(12_000)).action("again", "z");
    let last = "- [again](dtmd://dingtalkclient/sendMessage?content=z)";
    assert_eq!(end(&reply, 2)[0], format!("{action}\u{23CE}{last}"));
    let url = format!("https://example.com/{}", "a".repeat(30_000));
    let reply = Reply { more: Some(More { count: 1, url: Some(url) }), ..Reply::new("t") };
    assert_eq!(text(&reply), "#### t\n\n… 1 more line");
}

#[test]
fn a_cell_is_one_line() {
    let rows = vec![vec!["a\nb".into(), "c\nd".into()]];
    let table = Block::Table { head: vec!["x".into(), "y".into()], rows };
    assert_eq!(text(&Reply::new("t").block(table)), "#### t\n\n- **a b** · y c d");
}

/// Rendered text as a reader sees it, without the escapes.
fn unescape(rendered: &str) -> String {
    let mut shown = String::with_capacity(rendered.len());
    let mut rest = rendered;
    while let Some(at) = rest.find('&') {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(';').map_or(1, |end| end + 1);
        let c = match &rest[..end] {
            "&amp;" => Some('&'),
            "&lt;" => Some('<'),
            "&gt;" => Some('>'),
            "&nbsp;" => Some(' '),
            other => other
                .strip_prefix("&#")
                .and_then(|code| char::from_u32(code.strip_suffix(';')?.parse().ok()?)),
        };
        match c {
            Some(c) => {
                shown.push(escape::shown(c));
                rest = &rest[end..];
            }
            None => {
                shown.push('&');
                rest = &rest[1..];
            }
        }
    }
    shown + rest
}

#[test]
fn buttons_and_many_fences_count_as_well() {
    let mut reply = Reply::new("title").code(format!("{}\n", "x".repeat(60)).repeat(700));
    for _ in 0..40 {
        reply = reply.link("a page", format!("https://example.com/{}", "a".repeat(800)));
    }
    let fences = (0..3000).fold(Reply::new("title"), |reply, _| reply.code("x"));
    for reply in [reply, fences] {
        let bytes = serde_json::to_vec(&render(&reply, &group(), Limit::Webhook, Locale::En)).unwrap().len();
        assert!(bytes <= 20_000, "{bytes}");
        let (_, param) = render(&reply, &group(), Limit::MsgParam, Locale::En).to_msg_param();
        assert!(param.len() <= 15_000, "{}", param.len());
    }
}

proptest! {
    #[test]
    fn what_was_escaped_reads_as_it_was(outside in "[a-z&<>;#0-9*_@ ]{0,40}") {
        prop_assert_eq!(unescape(&escape(&outside)), outside);
    }

    #[test]
    fn any_reply_fits_and_parses_to_no_markup(
        outside in "[a-z<>&*_`\\[\\]()#|~@!:/\\\\. \n\"\u{202E}中文🙂-]{0,60}", times in 1_usize..800, locale in prop::bool::ANY,
    ) {
        let long = outside.repeat(times);
        let reply = Reply::new(long.as_str())
            .text(long.as_str())
            .fields([(long.as_str(), long.as_str())])
            .code(long.as_str())
            .note(long.as_str())
            .action(long.as_str(), outside.as_str())
            .link(long.as_str(), "https://example.com");
        let locale = if locale { Locale::Zh } else { Locale::En };
        let message = render(&reply, &group(), Limit::Webhook, locale);
        prop_assert!(serde_json::to_vec(&message).unwrap().len() <= 20_000);
        let (_, param) = render(&reply, &group(), Limit::MsgParam, locale).to_msg_param();
        prop_assert!(param.len() <= 15_000, "{}", param.len());
        let Body::ActionCard { text, .. } = &message.body else {
            return Err(TestCaseError::fail("a link is a button"));
        };
        let shown = text.as_str();
        prop_assert_eq!(shown.matches("@0147000002").count(), 1);
        let prose: String = shown.split("```").step_by(2).collect();
        // In a group commands are no links either.
        prop_assert!(!prose.contains('<') && !prose.contains("]("), "{}", prose);
    }
}
