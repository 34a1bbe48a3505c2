//! Purpose: the rules by example, and every row of the table of code points.

use super::*;

/// The words with a bar between them, and the error, if any, with the quote it points at.
pub(super) fn read(text: &str) -> String {
    show(&Line::split(text))
}

pub(super) fn show(line: &Line) -> String {
    let words: Vec<_> = line.words().iter().map(|word| word.text.as_str()).collect();
    let error = line.error().map(|error| {
        let before = &line.text()[..error.span.start];
        let quote = &line.text()[error.span.clone()];
        let after = &line.text()[error.span.end..];
        format!(" !{:?} {before}>{quote}<{after}", error.kind)
    });
    words.join("|") + &error.unwrap_or_default()
}

#[test]
fn splits_as_the_examples_say() {
    let examples = [
        // Ordinary lines.
        ("", ""),
        (" \t\n", ""),
        ("k8s rollout restart web -n prod", "k8s|rollout|restart|web|-n|prod"),
        ("say it's fine", "say|it's|fine"),
        ("fix #12 # not a comment", "fix|#12|#|not|a|comment"),
        ("jira comment OPS-1 完成了！🎉 谢谢", "jira|comment|OPS-1|完成了！🎉|谢谢"),
        (r"dir C:\new \n \", r"dir|C:\new|\n|\"),
        ("one\r\ntwo\u{0B}three\u{0C}four", "one|two|three|four"),
        (r#"sum(rate(x{job="a b"}[5m])) by (job)"#, r#"sum(rate(x{job="a|b"}[5m]))|by|(job)"#),
        (r#"up{job="api"}"#, r#"up{job="api"}"#),
        // Quotes.
        (r#"build deploy -p ENV＝"a b""#, "build|deploy|-p|ENV=a b"),
        (r#"a "b c" 'd e' """#, "a|b c|d e|"),
        (r#"--title="a b" --note='c d' x.y-z_1="e f""#, "--title=a b|--note=c d|x.y-z_1=e f"),
        (r#""a \"b\" \\ \n""#, r#"a "b" \ \n"#),
        (r"'a \' b\\'", r"a \|b\\'"),
        (r#""it's" '"'"#, r#"it's|""#),
        (r#"="a b" a="#, r#"="a|b"|a="#),
        (r#"a=b="c d""#, r#"a=b="c|d""#),
        (r#"键="a b""#, r#"键="a|b""#),
        (r#"-p"a b""#, r#"-p"a|b""#),
        (r#"x "a"b c"#, r#"x !QuoteInside x "a>"<b c"#),
        (r#"x "a "b" c"#, r#"x !QuoteInside x "a >"<b" c"#),
        (r#"x y="a b"#, r#"x !QuoteOpen x y=>"<a b"#),
        (r#"x 'tis"#, r#"x !QuoteOpen x >'<tis"#),
        (r#"dir "C:\new\""#, r#"dir !QuoteOpen dir >"<C:\new\""#),
        // Curly and full-width quotes.
        ("say “a b” ‘c d’ ＂e f＂ ＇g h＇", "say|a b|c d|e f|g h"),
        ("“a b\" „c d‟ ”e f”", "a b|c d|e f"),
        ("it’s 他说“好”", "it’s|他说“好”"),
        (r#""请看“发布” 页面""#, "请看“发布” 页面"),
        (r"“a \” b”", "a ” b"),
        ("‘it’s’", " !QuoteInside ‘it>’<s’"),
        ("\"a”", " !QuoteOpen >\"<a”"),
        // Zero-width characters.
        ("\u{FEFF}k8s re\u{200B}start \u{200B} x", "k8s|restart|x"),
        ("a=\u{200B}\"b \u{200B}c\"\u{200B} \u{2060}'d e'\u{FEFF}", "a=b \u{200B}c|d e"),
        ("—\u{200B}n \u{200B}/", "-n|/"),
        // Dashes.
        ("web —n prod", "web|-n|prod"),
        ("web ——n prod", "web|-n|prod"),
        ("—name ——name ———name ————name", "--name|--name|--name|————name"),
        ("–n=1 −n＝1 ―n：1", "-n=1|-n=1|-n=1"),
        ("–name=1 —name：1 —-name", "--name=1|--name=1|—-name"),
        ("－n －－name ﹣﹣name －-name", "-n|--name|--name|--name"),
        ("—5 ——你好 －5 — a—b 2－x", "—5|——你好|－5|—|a—b|2－x"),
        // The slash at the start of the line.
        ("/help", "help"),
        (" 、help /x", "help|/x"),
        ("／／help", "／help"),
        ("/ help", "help"),
        ("/\"a b\"", "a b"),
        ("\"/a b\"", "/a b"),
        // Colons and equals signs.
        ("--since：10：30＝1", "--since=10:30=1"),
        ("--since=10：30", "--since=10:30"),
        ("—name：“a b”", "--name=a b"),
        ("ENV＝a＝b 时间：10：30 a＝b：c 键＝值", "ENV=a＝b|时间：10：30|a=b：c|键＝值"),
        ("-5：30 --：x", "-5：30|--：x"),
        // Full stops.
        ("10。0。0．1 v1。2 好。a a。 a。。b", "10.0.0.1|v1.2|好。a|a。|a。。b"),
        ("a。b=\"c d\"", "a.b=c d"),
        // Inside quotes nothing is changed.
        ("\"—n　a＝b：c 1。2／\"", "—n　a＝b：c 1。2／"),
    ];
    for (line, words) in examples {
        assert_eq!(read(line), words, "{line}");
    }
}

#[test]
fn every_code_point_of_the_table_does_what_its_row_says() {
    for &(first, last, meaning) in CODE_POINTS {
        for c in first..=last {
            let (line, words) = match meaning {
                Blank => (format!("{c}a{c}{c}b{c}"), "a|b".to_owned()),
                Dropped => (format!("{c}a{c}b {c} 'c{c}'"), format!("ab|c{c}")),
                DoubleQuote | SingleQuote => {
                    let text = format!("{c}a —b{c} k={c}c d{c} e{c}f");
                    (text, format!("a —b|k=c d|e{c}f"))
                }
                LongDash => {
                    (format!("{c}n {c}name {c}{c}{c}n {c}5 a{c}b"), format!("-n|--name|-n|{c}5|a{c}b"))
                }
                WideDash => (format!("{c}n {c}{c}name {c}5 a{c}b"), format!("-n|--name|{c}5|a{c}b")),
                Slash => (format!(" {c}a {c}b"), format!("a|{c}b")),
                Colon => (format!("--a{c}b{c}c d{c}e"), format!("--a=b:c|d{c}e")),
                Equals => (format!("--a{c}b{c}c d{c}'e f' {c}"), format!("--a=b=c|d=e f|{c}")),
                FullStop => (format!("a{c}b a{c} {c}b"), format!("a.b|a{c}|{c}b")),
            };
            assert_eq!(read(&line), words, "U+{:04X}", u32::from(c));
        }
    }
}

#[test]
fn the_table_knows_every_blank_of_unicode_and_no_code_point_twice() {
    for c in '\0'..=char::MAX {
        assert_eq!(meaning(c) == Some(Blank), c.is_whitespace(), "{c:?}");
        let rows = CODE_POINTS.iter().filter(|(first, last, _)| (*first..=*last).contains(&c));
        assert!(rows.count() <= 1, "{c:?}");
    }
}

#[test]
fn a_break_starts_a_word_afresh() {
    let examples = [
        ("重启web -n prod", "重启", "重启|web|-n|prod"),
        ("/重启web", "/重启", "重启|web"),
        ("重启—n", "重启", "重启|-n"),
        ("重启\u{200B}“a b”", "重启", "重启|a b"),
        ("重启env＝'a b'", "重启", "重启|env=a b"),
        ("\"重启\"web", "\"重启\"", "重启|web"),
        ("\"重启web\"", "\"重启", "重启web"),
        ("重启 web", "重启", "重启|web"),
        ("重启 web", "重启 ", "重启|web"),
        ("重启", "重启", "重启"),
        ("重启", "", "重启"),
        ("—n", "—", "—|n"),
        ("a。b", "a", "a|。b"),
    ];
    for (line, name, words) in examples {
        assert_eq!(show(&Line::split_with_break(line, name.len())), words, "{line}");
    }
    assert_eq!(show(&Line::split_with_break("重启web", 1)), "重启web");
    assert_eq!(show(&Line::split_with_break("重启web", 99)), "重启web");
}

#[test]
fn the_rest_of_the_line_is_as_typed() {
    let line = Line::split("/say \u{3000}“it's” #1  —n \u{2005}\u{200B}");
    let (rest, span) = line.rest_after(line.words()[0].span.end);
    assert_eq!(rest, "“it's” #1  —n");
    assert_eq!(&line.text()[span], rest);
    let end = line.text().len();
    assert_eq!(line.rest_after(end), ("", end..end));
    assert_eq!(line.rest_after(usize::MAX), ("", end..end));

    // An error in the tail leaves the words before it.
    let line = Line::split("prom query up{a='b'} or 'x");
    assert_eq!(line.words()[1].text, "query");
    assert_eq!(line.rest_after(line.words()[1].span.end).0, "up{a='b'} or 'x");
}

#[test]
fn a_byte_of_a_word_is_found_in_the_line() {
    let text = "x ——name：“a \\\"c” 1。23";
    let line = Line::split(text);
    let found = |word: usize, part: &str| {
        let word = &line.words()[word];
        let at = word.offset_in_line(word.text.find(part).unwrap());
        &text[at..]
    };
    assert_eq!(found(1, "--"), "——name：“a \\\"c” 1。23");
    assert_eq!(found(1, "name"), "name：“a \\\"c” 1。23");
    assert_eq!(found(1, "="), "：“a \\\"c” 1。23");
    assert_eq!(found(1, "a "), "a \\\"c” 1。23");
    assert_eq!(found(1, "\"c"), "\\\"c” 1。23");
    assert_eq!(found(1, "c"), "c” 1。23");
    assert_eq!(found(2, "23"), "23");
    let end = line.words()[1].offset_in_line(usize::MAX);
    assert_eq!(&text[end..], "” 1。23");
    assert!(line.words()[1].quoted && !line.words()[2].quoted);
}

#[test]
fn an_error_names_the_quote() {
    let error = Line::split("x \"a\"b").error().cloned().unwrap();
    let said = "expected a blank or the end of the line after the quote at byte 4";
    assert_eq!(error.to_string(), said);
    let error = Line::split("x \"a").error().cloned().unwrap();
    assert_eq!(error.to_string(), "expected a closing quote for the quote at byte 2");
}

#[test]
fn a_long_line_takes_no_longer_than_its_length() {
    // Each of these would take minutes if any character looked back or ahead over all the others.
    let many = |c: &str| c.repeat(100_000);
    for line in [
        many("a") + &many("＝"),
        many("-") + &many("："),
        "--a=".to_owned() + &many("："),
        many("—\u{200B}"),
        "\"".to_owned() + &many("\\\""),
        many("a\u{200B}"),
    ] {
        assert!(Line::split(&line).words().len() <= 1);
    }
}
