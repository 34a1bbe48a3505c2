//! A query as Prometheus reads it, out of what phones and Chinese input methods make of it.
//!
//! Outside of strings PromQL is ASCII: a curly quote or a full-width bracket there can only mean the plain one. What
//! stands in a string, or in a comment, stays as it is typed.

/// A query with straight quotes and narrow signs outside of its strings.
pub(super) fn straightened(query: &str) -> String {
    let mut straight = String::with_capacity(query.len());
    let mut letters = query.chars();
    while let Some(typed) = letters.next() {
        let opening = plain(typed);
        straight.push(opening);
        let is_end: &dyn Fn(char) -> bool = match opening {
            '#' => &|c| c == '\n',
            '`' => &|c| c == opening,
            // A straight quote is closed by its like alone, as in a line.
            '"' | '\'' if typed == opening => &|c| c == opening,
            '"' | '\'' => &|c| plain(c) == opening,
            _ => continue,
        };
        while let Some(inside) = letters.next() {
            if is_end(inside) {
                straight.push(if opening == '#' { inside } else { opening });
                break;
            }
            straight.push(inside);
            if inside == '\\' && matches!(opening, '"' | '\'') {
                straight.extend(letters.next());
            }
        }
    }
    straight
}

/// What a sign means outside of strings.
fn plain(typed: char) -> char {
    match typed {
        '“' | '”' => '"',
        '‘' | '’' => '\'',
        '\u{3000}' => ' ',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(typed) - 0xFEE0).unwrap_or(typed),
        _ => typed,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn signs_outside_of_strings_are_plain() {
        for (typed, straight) in [
            ("node_load1{instance=“db1:9100”}", r#"node_load1{instance="db1:9100"}"#),
            ("up{job=‘a’}", "up{job='a'}"),
            ("up｛job＝“（a），”，b!=”c“｝", r#"up{job="（a），",b!="c"}"#),
            ("sum（rate（x［５m］））", "sum(rate(x[5m]))"),
            (r#"up{a="“b”",c='（’'}"#, r#"up{a="“b”",c='（’'}"#),
            (r#"up{a="\"“",b=“c”}"#, r#"up{a="\"“",b="c"}"#),
            ("up{a=`\\`,b=“c”}", "up{a=`\\`,b=\"c\"}"),
            ("up # “a”（\n＋ 1", "up # “a”（\n+ 1"),
            ("up{a=“b", "up{a=\"b"),
        ] {
            assert_eq!(straightened(typed), straight, "{typed}");
        }
    }

    proptest! {
        #[test]
        fn what_is_straight_stays(
            typed in r#"([a-z"'`\\#\n{}=, ]|[“”‘’（），＝＂＇＃　]|[^\pC]){0,30}"#,
            ascii in "[\n -~]{0,30}",
        ) {
            let straight = straightened(&typed);
            prop_assert_eq!(straightened(&straight), straight);
            prop_assert_eq!(straightened(&ascii), ascii);
        }
    }
}
