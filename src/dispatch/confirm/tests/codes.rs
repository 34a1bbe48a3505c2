//! What a code is bound to.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::code::{Bound, CodeKey, Codes, Found, Purpose, Typed};

const VALID: Duration = Duration::from_secs(600);

fn codes() -> Codes {
    Codes::new(vec![CodeKey::new("0123456789abcdef0123456789abcdef").unwrap()])
}

/// What a code is made of, as texts: purpose, corp, asker, admin, holder, place, path, alias, value.
type Parts = [String; 9];

fn with<T>(parts: &Parts, then: impl FnOnce(&Bound<'_>) -> T) -> T {
    let [purpose, corp, asker, admin, holder, place, path, alias, value] = parts;
    let mut values = Map::new();
    values.insert("value".into(), Value::from(value.as_str()));
    let purpose = if purpose == "confirm" { Purpose::Confirm } else { Purpose::Approve };
    let asker_is_admin = admin == "admin";
    then(&Bound {
        purpose,
        corp,
        asker,
        asker_is_admin,
        holder,
        is_private: false,
        place,
        path,
        alias,
        values: &values,
    })
}

fn holds(parts: &Parts, witness: &str, code: &str, now: Timestamp) -> bool {
    let codes = codes();
    let typed = Typed::read(code).unwrap();
    with(parts, |bound| match codes.find(bound, typed, VALID, now) {
        Found::Live(live) => codes.holds(bound, typed, &live, witness),
        _ => false,
    })
}

fn parts() -> impl Strategy<Value = Parts> {
    let text = || "[a-c|:]{0,3}";
    ("confirm|approve", text(), text(), "admin|", text(), text(), text(), text(), text())
        .prop_map(|(a, b, c, d, e, f, g, h, i)| [a, b, c, d, e, f, g, h, i])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_change_breaks_a_code(
        parts in parts(), other in parts(), witness in "[ab]{0,2}", changed in "[ab]{0,2}", second in 0_i64..1_000_000_000,
    ) {
        let now = Timestamp::from_second(second).unwrap();
        let code = with(&parts, |bound| codes().make(bound, &witness, now));
        prop_assert!(holds(&parts, &witness, &code, now));
        prop_assert_eq!(holds(&other, &witness, &code, now), other == parts);
        prop_assert_eq!(holds(&parts, &changed, &code, now), changed == witness);
        // One part at a time, and one moved into its neighbour.
        for at in 0..parts.len() {
            let mut one = parts.clone();
            one[at].clone_from(&other[at]);
            prop_assert_eq!(holds(&one, &witness, &code, now), one == parts, "{}", at);
        }
        let later = now + jiff::SignedDuration::from_secs(661);
        prop_assert!(!holds(&parts, &witness, &code, later));
    }

    #[test]
    fn a_code_is_read_as_people_type_it(second in 0_i64..1_000_000_000) {
        let now = Timestamp::from_second(second).unwrap();
        let parts: Parts = Default::default();
        let code = with(&parts, |bound| codes().make(bound, "", now));
        prop_assert_eq!(code.len(), 12);
        for typed in [code.to_lowercase(), code.replace('0', "o").replace('1', "l"), format!("{}-{}", &code[..4], &code[4..])] {
            prop_assert!(holds(&parts, "", &typed, now), "{}", typed);
        }
    }
}

#[test]
fn what_is_wrong_with_a_code() {
    let parts: Parts = Default::default();
    let now = Timestamp::from_second(1_767_225_600).unwrap();
    let code = with(&parts, |bound| codes().make(bound, "1", now));
    let typed = Typed::read(&code).unwrap();
    let find = |seconds: i64| {
        let at = now + jiff::SignedDuration::from_secs(seconds);
        with(&parts, |bound| codes().find(bound, typed, VALID, at))
    };
    assert_eq!(find(0), Found::Live(vec![29_453_760]));
    assert_eq!(find(-1), Found::Live(vec![29_453_760]), "the clock of another process is a little ahead");
    assert_eq!(find(660), Found::Expired);
    assert_eq!(find(24 * 3600), Found::Expired);
    assert_eq!(find(24 * 3600 + 60), Found::Foreign);
    for wrong in ["", "0123456789A", "0123456789ABC", "0123456789AU", "0123 456789AB"] {
        assert!(Typed::read(wrong).is_none(), "{wrong}");
    }
    assert!(CodeKey::new("short").is_err());
}

#[test]
fn a_code_outlives_the_rotation_of_the_secret() {
    let [old, new] = ["old", "new"].map(|text| crate::dingtalk::signature::Secret::new(text).unwrap());
    let keys = |secrets: &[&crate::dingtalk::signature::Secret]| {
        Codes::new(secrets.iter().map(|secret| CodeKey::derived(secret)).collect())
    };
    let parts: Parts = Default::default();
    let now = Timestamp::from_second(0).unwrap();
    let code = with(&parts, |bound| keys(&[&old]).make(bound, "", now));
    let typed = Typed::read(&code).unwrap();
    let found = |codes: &Codes| with(&parts, |bound| codes.find(bound, typed, VALID, now));
    assert_eq!(found(&keys(&[&new, &old])), Found::Live(vec![0]));
    assert_eq!(found(&keys(&[&new])), Found::Foreign);
}
