//! Which command a line means, and with which arguments.

use super::heard;
use crate::dispatch::{Found, words::Line};

#[tokio::test]
async fn words_and_options_as_they_are_typed_on_phones() {
    for (line, expected) in [
        ("echo web", r#""web" None false"#),
        ("ECHO web -n 3 --loud", r#""web" Some("3") true"#),
        ("/echo　web　——times＝3", r#""web" Some("3") false"#),
        ("回声 web —n 3 —loud", r#""web" Some("3") true"#),
        ("回声web", r#""web" None false"#),
        ("重启web-1 -n 2", r#""web-1" Some("2") false"#),
        ("echo “a b”", r#""a b" None false"#),
        ("echo 'it'", r#""it" None false"#),
        ("echo it's", r#""it's" None false"#),
        ("echo #x", r##""#x" None false"##),
        ("echo 10。0。0。1", r#""10.0.0.1" None false"#),
        ("echo\nweb", r#""web" None false"#),
        ("echo -- -h", r#""-h" None false"#),
        ("echo 'ECHO --loud'", r#""ECHO --loud" None false"#),
        ("echo '--loud'", r#""--loud" None false"#),
        ("echo '--' -n -3", r#""--" Some("-3") false"#),
        ("echo web -n '-x' --loud", r#""web" Some("-x") true"#),
        ("echo web -n3", r#""web" Some("3") false"#),
        ("echo web？", r#""web" None false"#),
        ("echo web ？", r#""web" None false"#),
        ("echo 今晚发布吗？", r#""今晚发布吗？" None false"#),
        ("echo 今晚发布。", r#""今晚发布。" None false"#),
        ("echo 回声？", r#""回声" None false"#),
        ("echo web -n 三。", r#""web" Some("三。") false"#),
        ("echo web -n 3。 ", r#""web" Some("3") false"#),
        ("echo -n 3。 web", r#""web" Some("3。") false"#),
        ("echo 'web。'", r#""web。" None false"#),
        ("echo web.", r#""web." None false"#),
        ("echo ？", r#""？" None false"#),
    ] {
        assert_eq!(heard(line).await, expected, "{line}");
    }
}

#[test]
fn commands_are_found_however_they_are_written() {
    let table = crate::dispatch::table::Table::new(crate::commands::every_row(), Vec::new()).unwrap();
    for (line, path) in [
        ("PING", "ping"),
        ("ＰＩＮＧ", "ping"),
        ("ping。", "ping"),
        ("ping?", "ping"),
        ("Ping！！", "ping"),
        ("在吗？", "ping"),
        ("在吗 ？", "ping"),
        ("在吗，", "ping"),
        ("在吗?", "ping"),
        ("“在吗”", "ping"),
        ("'ping'", "ping"),
        ("/在吗", "ping"),
        ("出口ＩＰ", "ip"),
        ("我是谁~", "whoami"),
        ("帮助？", "help"),
        ("——help", "help"),
        ("-h", "help"),
        ("ping -h", "ping"),
    ] {
        let Found::Row { row, words, .. } = table.find(Line::split(line)) else {
            panic!("{line} is not found")
        };
        assert_eq!(row.path.to_string(), path, "{line}");
        assert!(words.iter().all(|word| word.text == "-h"), "{line}: {words:?}");
    }
}

#[test]
fn names_in_what_was_said_are_near() {
    let table = crate::dispatch::table::Table::new(crate::commands::every_row(), Vec::new()).unwrap();
    for (said, nearest) in [
        ("pign", vec!["ping"]),
        ("who", vec!["whoami"]),
        ("ip地址", vec!["ip"]),
        ("看看IP", vec!["ip"]),
        ("出口IP是多少", vec!["ip"]),
        ("whips", vec![]),
        ("今天吃什么", vec![]),
        // A part of them.
        ("日志 web", vec!["jenkins 日志", "k8s 日志"]),
        ("rollout restart web", vec!["k8s rollout restart"]),
        ("logs web", vec!["jenkins logs", "k8s logs"]),
    ] {
        let words: Vec<&str> = said.split(' ').collect();
        let names: Vec<String> = table.nearest(&words).into_iter().map(|near| near.name).collect();
        assert_eq!(names, nearest, "{said}");
    }
}

#[tokio::test]
async fn a_verbatim_tail_is_taken_as_typed() {
    for (line, expected) in [
        (r#"prom query sum(rate(x{job="a  b"}[5m])) # all"#, "None\nsum(rate(x{job=\"a  b\"}[5m])) # all"),
        ("查询 --on dev it's “so” 'open", "Some(\"dev\")\nit's “so” 'open"),
        ("prom query --on=dev -- --on up", "Some(\"dev\")\n--on up"),
        ("prom query --on=\"my dev\" up", "Some(\"my dev\")\nup"),
        ("prom query '--on' x", "None\n'--on' x"),
        ("prom query --unknown x", "None\n--unknown x"),
        ("prom query 'quoted'", "None\n'quoted'"),
        ("prom query \"open", "None\n\"open"),
        ("prom query rate(x) -h", "None\nrate(x) -h"),
        ("prom query -- -h", "None\n-h"),
        ("查询 see kubectl --help please", "None\nsee kubectl --help please"),
    ] {
        assert_eq!(heard(line).await, expected, "{line}");
    }
}
