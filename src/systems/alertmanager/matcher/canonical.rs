//! What conditions are judged as by rules: `Watchdog` as `alertname=Watchdog`, each for itself and with quotes only where
//! they are needed.

use super::{Conditions, Matcher, Target, conditions, target};
use crate::dispatch::{
    row::Canonical,
    words::{escaped, operator},
};

pub(in crate::systems::alertmanager) const MATCHER: (&str, Canonical) = ("matcher", condition);
pub(in crate::systems::alertmanager) const TARGET: (&str, Canonical) =
    ("target", |typed| fingerprint(typed).or_else(|| condition(typed)));

/// A fingerprint, or what a glob has of one.
fn fingerprint(typed: &str) -> Option<String> {
    if let Ok(Target::Fingerprint(fingerprint)) = target(typed) {
        return Some(fingerprint);
    }
    // A rule's glob is judged with `x` in the place of its star.
    let begins = typed.strip_suffix('x').filter(|begins| begins.contains(|c: char| c.is_ascii_digit()))?;
    begins.chars().all(|c| c.is_ascii_hexdigit()).then(|| typed.to_ascii_lowercase())
}

/// The first condition; of a glob the value may be in quotes that do not close, and the same is told where it has to be.
fn condition(typed: &str) -> Option<String> {
    let said = conditions(typed).or_else(|_| conditions(&format!("{typed}\"")));
    if let Ok(Conditions(said)) = said {
        return said.first().map(Matcher::to_string);
    }
    let (_, _, begin) = operator(typed)?;
    let (name, value) = typed.split_at(begin);
    Some(format!("{name}\"{}", escaped(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_rules_judge() {
        for (typed, form) in [
            ("Watchdog", "alertname=Watchdog"),
            ("alertname=\"Watchdog\"", "alertname=Watchdog"),
            ("{alertname=\"Watchdog\"}", "alertname=Watchdog"),
            ("alertname＝Watchdog", "alertname=Watchdog"),
            ("{a=b,c=d}", "a=b"),
            ("C2B8C7D5E6F70812", "c2b8c7d5e6f70812"),
            ("C2B8x", "c2b8x"),
            ("deadx", "alertname=deadx"),
            ("{a=\"bx", "a=bx"),
            ("a=\"b cx", "a=\"b cx\""),
            ("a=~b, cx", "a=~\"b, cx"),
        ] {
            assert_eq!(TARGET.1(typed).as_deref(), Some(form), "{typed}");
            assert_eq!(MATCHER.1(typed).as_deref() == Some(form), form.contains('='), "{typed}");
        }
        for typed in ["", "{}", "a b", "instance!x"] {
            assert_eq!(TARGET.1(typed), None, "{typed}");
        }
    }
}
