//! What must hold for any value.

use proptest::prelude::*;

use super::*;

/// Whether what a value is written as is read as the same value.
fn comes_back<T: std::fmt::Display + PartialEq>(value: &T, read: Result<T, InvalidValue>) -> bool {
    read.is_ok_and(|read| read == *value)
}

proptest! {
    #[test]
    fn values_are_read_as_they_are_written(
        seconds in 0..10_000_000_u64,
        whole in any::<i64>(),
        id in "[a-zA-Z0-9][a-zA-Z0-9_.@-]{0,20}",
        key in "[a-zA-Z0-9_.重启]{1,8}",
        text in any::<String>(),
    ) {
        let long = Duration::seconds(seconds);
        prop_assert!(comes_back(&long, duration(Duration::seconds(0)..=Duration::days(365))(&long.to_string())));
        prop_assert!(comes_back(&whole, number(i64::MIN..=i64::MAX)(&whole.to_string())));
        let somebody = PersonName::new(&id);
        prop_assert!(comes_back(&somebody, person(&somebody.to_string())));
        let pair_of = KeyValue { key, value: text };
        prop_assert!(comes_back(&pair_of, pair(&pair_of.to_string())));
    }

    #[test]
    fn a_duration_is_written_in_the_largest_units(days in 0..100_u64, hours in 0..24_u64, minutes in 0..60_u64) {
        let parts = [(days, 'd'), (hours, 'h'), (minutes, 'm')];
        let written: String = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
        prop_assume!(!written.is_empty());
        let minutes = (days * 24 + hours) * 60 + minutes;
        for typed in [format!("{minutes}m"), format!("{minutes}分"), format!("{}秒", minutes * 60)] {
            prop_assert_eq!(Duration::parse(&typed).map(|it| it.to_string()), Some(written.clone()), "{}", typed);
        }
    }

    #[test]
    fn no_identifier_leads_elsewhere(text in "[a-z./_-]{0,8}") {
        let path = Identifier { max: 6, inside: |_| true, ends: |_| true, sentence: "arguments.identifier" };
        if path.parser()(&text).is_ok() {
            prop_assert!(!text.is_empty() && text.len() <= 6 && !text.starts_with('-'), "{text}");
            prop_assert!(!text.split('/').any(|part| part == "." || part == ".."), "{text}");
        }
        if !text.is_empty() && text.len() <= 6 && !text.contains(['.', '-']) {
            prop_assert!(path.parser()(&text).is_ok(), "{text}");
        }
    }
}

#[test]
fn what_is_no_duration() {
    for typed in [
        "",
        "5",
        "h",
        "1h1h",
        "30m1h",
        "1.h",
        ".5h",
        "1.5s",
        "0.001h",
        "1.00000000000000000000h",
        "-1h",
        "1h 30m",
        "1年",
        "半",
        "小时",
        "一",
        "1半小时",
        "半半小时",
        "一二小时",
        "小时半",
        "半秒",
        "1h半30m",
        "99999999999999999999s",
        "9999999999999999d",
    ] {
        assert_eq!(Duration::parse(typed), None, "{typed}");
    }
}

#[test]
fn a_duration_as_people_say_it() {
    for (typed, written) in [
        ("1.5h", "1h30m"),
        ("0.5d", "12h"),
        ("1.5h30m", "2h"),
        ("0.25m", "15s"),
        ("1.5小时", "1h30m"),
        ("半小时", "30m"),
        ("半个小时", "30m"),
        ("半天", "12h"),
        ("半分钟", "30s"),
        ("一小时", "1h"),
        ("一个小时", "1h"),
        ("两小时", "2h"),
        ("两个小时", "2h"),
        ("一个半小时", "1h30m"),
        ("2个半小时", "2h30m"),
        ("一天半", "1d12h"),
        ("1小时半", "1h30m"),
        ("三天", "3d"),
        ("十分钟", "10m"),
        ("十五分钟", "15m"),
        ("二十分", "20m"),
        ("四十五秒", "45s"),
        ("一天两小时三十分", "1d2h30m"),
        ("１．５Ｈ", "1h30m"),
    ] {
        assert_eq!(Duration::parse(typed).map(|it| it.to_string()).as_deref(), Some(written), "{typed}");
    }
}

#[test]
fn what_is_near_comes_nearest_first() {
    let names = ["restart", "status", "start", "stop", "restore"];
    assert_eq!(near("restrat", names.into_iter()), ["restart"]);
    assert_eq!(near("stat", names.into_iter()), ["start", "status"]);
    assert_eq!(near("x", names.into_iter()), [""; 0]);
}
