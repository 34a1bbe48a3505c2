//! What comes from outside, or from the operator, and is no more than it may be.

use super::{escape::escape, *};

#[test]
fn nothing_from_outside_is_markup() {
    for (outside, shown) in [
        ("# heading", "&#35; heading"),
        ("- item", "&#45; item"),
        ("1. item", "1&#46; item"),
        ("> quote", "&gt; quote"),
        ("    code", "&nbsp;&nbsp;&nbsp;&nbsp;code"),
        ("**b** _i_ ~~s~~ `c`", "&#42;&#42;b&#42;&#42; &#95;i&#95; &#126;&#126;s&#126;&#126; &#96;c&#96;"),
        ("[x](https://evil.example)", "&#91;x&#93;(https&#58;//evil.example)"),
        ("https://evil.example www.evil.example", "https&#58;//evil.example www&#46;evil.example"),
        ("<font color=red>&lt;", "&lt;font color=red&gt;&amp;lt;"),
        ("@0147000002 @all", "&#64;0147000002 &#64;all"),
        ("a|b\\*", "a&#124;b&#92;&#42;"),
        ("\u{202E}\u{7}\u{1b}", "\u{FFFD}\u{FFFD}\u{FFFD}"),
        (
            "1.\rx\r\n# y\r\r\r\r    z",
            "1&#46;  \n  x  \n  &#35; y  \n    \n    \n    \n  &nbsp;&nbsp;&nbsp;&nbsp;z",
        ),
        ("10.0.0.1 at 12:30, a-b #5", "10.0.0.1 at 12:30, a-b #5"),
    ] {
        assert_eq!(escape(outside), shown, "{outside}");
    }
}

#[test]
fn links_are_http_and_cannot_be_left() {
    let link = |url: &str| super::link(&Link { label: "a](b".into(), url: url.into() });
    assert_eq!(link("https://example.com/x?y=(z)\"'"), "[a&#93;(b](https://example.com/x?y=%28z%29%22%27)");
    for url in
        ["javascript:alert(1)", "dtmd://dingtalkclient/sendMessage?content=x", "data:text/html,x", "x", ""]
    {
        assert_eq!(link(url), "a&#93;(b", "{url}");
    }
    // What is a mention, code or a character reference elsewhere is a part of it, but before the host a part of it.
    for (url, target) in [
        ("https://x/@0147000002/a?b=`#@c", "https://x/%400147000002/a?b=%60#%40c"),
        ("https://x/?a&lt;b&#64;c;d", "https://x/?a&lt%3Bb&#64%3Bc;d"),
        ("https://me@x/@", "https://me@x/%40"),
    ] {
        assert_eq!(link(url), format!("[a&#93;(b]({target})"));
    }
}

#[test]
fn pieces_that_are_harmless_alone_are_harmless_together() {
    let link = |label: &str, url: &str| Span::Link(Link { label: label.into(), url: url.into() });
    let plain = |text: &str| Span::Plain(text.into());
    let strong = |text: &str| Span::Strong(text.into());
    let action =
        |label: &str, command: &str| Span::Action(Action { label: label.into(), command: command.into() });
    let url = "https://example.com/";
    for (spans, shown) in [
        (vec![plain("!"), link("a", url)], "&#33;[a](https://example.com/)"),
        (vec![link("!", "x"), link("a", url)], "&#33;[a](https://example.com/)"),
        (vec![plain("!"), action("a", "b")], "&#33;[a](dtmd://dingtalkclient/sendMessage?content=b)"),
        (vec![plain("1"), plain(". x")], "1&#46; x"),
        (vec![plain("1"), strong(""), link(". x", "y")], "1&#46; x"),
        (vec![plain("http:"), plain("//evil.example")], "http&#58;//evil.example"),
        (vec![plain("http:"), link("//evil.example", "y")], "http&#58;//evil.example"),
        (vec![plain("ww"), plain("w.evil.example")], "www&#46;evil.example"),
        (vec![strong("a"), strong(""), strong("b")], "**ab**"),
        (vec![plain("a"), strong(" b "), plain("c")], "a **b**&nbsp;c"),
        (vec![link(" ", url)], "[https&#58;//example.com/](https://example.com/)"),
        (vec![action("", "b")], "[b](dtmd://dingtalkclient/sendMessage?content=b)"),
    ] {
        assert_eq!(text(&Reply::new("t").text(Text(spans))), format!("#### t\n\n{shown}"));
    }
    let table = Block::Table { head: vec!["a".into(), "b".into()], rows: vec![vec!["".into(), "x".into()]] };
    assert_eq!(text(&Reply::new("t").block(table)), "#### t\n\n- b x");
    assert_eq!(text(&Reply::new("t").fields([("", "x")])), "#### t\n\n- : x");
    assert_eq!(text(&Reply::new("C #").text("x")), "#### C &#35;\n\nx");
}

/// It cannot be cut, and so it would not be there at all.
#[test]
fn a_link_that_is_too_long_is_its_label() {
    let long = || Text::default().plain("see ").action("next", "字".repeat(4000));
    let mut text_with_link = long();
    let url = format!("https://example.com/{}", "a".repeat(17_000));
    text_with_link.0.push(Span::Link(Link { label: " log".into(), url }));
    let reply = Reply::new("t").text(text_with_link).text("behind");
    assert_eq!(text(&reply), "#### t\n\nsee next log\n\nbehind");
    // The longest command can be said.
    let longest = "字".repeat(crate::dispatch::MAX_LINE / 3);
    let reply = Reply::new("t").text(Text::default().action("next", longest));
    assert_eq!(text(&reply).matches("](dtmd://").count(), 1);
}

/// Where it could mention somebody, and nowhere else.
#[test]
fn only_code_is_changed_where_it_mentions_the_asker() {
    let reply = Reply::new("t")
        .code("@0147000002 @01470000021 @0147000002.")
        .block(Block::Markdown("to @0147000002: https://x/@0147000002/a".into()));
    let message = render(&reply, &group(), Limit::Webhook, Locale::En);
    insta::assert_snapshot!(shown(&message).replace('\u{200B}', "<ZWSP>"), @"
    #### t

    ```
    @<ZWSP>0147000002 @01470000021 @<ZWSP>0147000002.
    ```

    to @0147000002: https://x/@0147000002/a

    @0147000002
    ");
}

#[test]
fn an_operator_writes_no_html_block_and_ends_lines_as_he_likes() {
    for (markdown, shown) in [
        ("ok\r```\rcode", "ok\n```\ncode\n```"),
        ("a\r\n\r\n<!-- b", "a\n\n&lt;!-- b"),
        ("<font color=#FF0000>red</font>", "\u{200B}<font color=#FF0000>red</font>"),
    ] {
        let reply = Reply::new("t").block(Block::Markdown(markdown.into())).text("behind");
        assert_eq!(text(&reply), format!("#### t\n\n{shown}\n\nbehind"));
    }
    let reply = Reply::new("t").code("x\r```\r[a](https://evil.example)\r\n");
    assert_eq!(text(&reply).replace('\u{200B}', ""), "#### t\n\n```\nx\n```\n[a](https://evil.example)\n```");
    assert_eq!(text(&reply).matches("```").count(), 2);
}
