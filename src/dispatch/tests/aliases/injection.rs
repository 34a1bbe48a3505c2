//! Whatever is said through an alias, it is the value that the operator made room for.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ROWS, chat, heard};
use crate::dispatch::{Ctx, Dispatched, table::Found, tests::canonical::hostile, understand, words::Line};

const ALIASES: &str = "
[[alias]]
name = 'put'
run = 'take web 2 {1} a{2}b -p KEY={2:x} -l=-{1} --loud'
help = { zh = 'x', en = 'x' }
[[alias]]
name = 'all'
run = 'take web 3 first {*}'
help = { zh = 'x', en = 'x' }
[[alias]]
name = 'ask'
run = 'prom query --on {1} sum({2})'
help = { zh = 'x', en = 'x' }
[[alias]]
name = 'rest'
run = 'prom query --on=x {1} {*}'
help = { zh = 'x', en = 'x' }
[[alias]]
name = 'put more things'
run = 'take back'
help = { zh = 'x', en = 'x' }
";

#[tokio::test]
async fn nothing_becomes_an_option() {
    let mut chat = chat("").await;
    chat.say(crate::testing::alice(), "tag it web --loud").await;
    insta::assert_snapshot!(chat.read(), @"
    #### Tag It：参数有误

    「--loud」以 - 开头，会被当作选项，这里不能用。

    ```
    tag it web --loud
               ^^^^^^
    ```

    用法：Tag It &lt;1&gt; &#91;…&#93;

    - 查看用法：**帮助 Tag It**

    @0147000002
    ");
    for line in [
        "tag it web '--loud'",
        "tag it web -x",
        "tag it web -3",
        "tag it -x",
        "tag it web --",
        "tag it web —loud",
        "tag it web --confirm x y",
        "部署 全部 --loud",
        "交给 发布 --note",
    ] {
        let reply = heard(&mut chat, line).await;
        assert!(reply.contains('^'), "{line}: {reply}");
    }
    for (line, expected) in [
        ("部署 'x --loud'", "只能用英文字母"),
        ("部署 x;help", "只能用英文字母"),
        ("部署 --loud", "deploy---loud"),
        ("部署 -n", "deploy--n"),
        ("部署 {1}", "只能用英文字母"),
        ("看 dev '{1} {*}'", "sum({1} {*}) by (job)"),
    ] {
        chat.say(crate::testing::alice(), line).await;
        let reply = chat.read();
        assert!(reply.contains(expected), "{line}: {reply}");
    }
}

static CTX: LazyLock<Ctx> = LazyLock::new(|| crate::dispatch::tests::ctx(ALIASES, ROWS));

/// What a line is understood as: its values, and the line that says it again.
fn read(line: &str) -> Result<(Value, String), Box<Dispatched>> {
    let understood = understand(line, &CTX)?;
    let via = understood.invocation.alias.clone().expect("an alias");
    assert_eq!(understood.line(), via.line);
    Ok((Value::Object(understood.invocation.values), via.line))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A line has these values, says them again, and is one command.
fn holds(line: &str, expected: &Value) -> Result<(), TestCaseError> {
    let fail = |what: &str| TestCaseError::fail(format!("{line:?}: {what}"));
    let (mut values, again) = read(line).map_err(|answer| fail(&format!("{:?}", answer.reply)))?;
    let all = values.as_object_mut().expect("an object");
    all.retain(|_, value| *value != Value::Null && *value != json!([]) && *value != json!({}));
    prop_assert_eq!(&values, expected, "{}", line);
    let (mut values, twice) =
        read(&again).map_err(|answer| fail(&format!("{again:?}: {:?}", answer.reply)))?;
    let all = values.as_object_mut().expect("an object");
    all.retain(|_, value| *value != Value::Null && *value != json!([]) && *value != json!({}));
    prop_assert_eq!(&values, expected, "{}", again);
    prop_assert_eq!(&twice, &again);
    let Found::Row { alias: Some(_), .. } = CTX.table.find(Line::split(&again)) else {
        return Err(fail("no alias"));
    };
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_word_is_one_value_or_part_of_one(one in hostile(), two in prop::option::of(hostile())) {
        let words = [Some(&one), two.as_ref()].into_iter().flatten().map(|word| quoted(word));
        let line = format!("put {}", words.collect::<Vec<_>>().join(" "));
        if one.starts_with('-') {
            prop_assert!(read(&line).is_err());
            return Ok(());
        }
        let second = two.unwrap_or_else(|| "x".into());
        let expected = json!({
            "service": "web", "count": 2, "note": [one, format!("a{second}b")], "param": { "KEY": second },
            "label": [format!("-{one}")], "loud": true,
        });
        holds(&line, &expected)?;
    }

    #[test]
    fn the_rest_is_as_many_values_as_words(words in prop::collection::vec(hostile(), 0..4)) {
        let quoted: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        let line = format!("all {}", quoted.join(" "));
        if words.iter().any(|word| word.starts_with('-')) {
            prop_assert!(read(&line).is_err());
            return Ok(());
        }
        let note: Vec<&str> = std::iter::once("first").chain(words.iter().map(String::as_str)).collect();
        let expected = json!({ "service": "web", "count": 3, "note": note, "loud": false });
        holds(&line, &expected)?;
    }

    #[test]
    fn what_is_taken_as_typed_stays_the_tail(one in hostile(), two in hostile()) {
        let line = format!("ask {} {}", quoted(&one), quoted(&two));
        if one.starts_with('-') {
            prop_assert!(read(&line).is_err());
        } else {
            let expected = json!({ "on": one, "query": format!("sum({two})") });
            holds(&line, &expected)?;
        }
        let typed = Line::split(&two).rest_after(0).0.to_owned();
        let line = format!("rest {} {two}", quoted(&one));
        let expected = json!({ "on": "x", "query": format!("{one} {typed}") });
        holds(&line, &expected)?;
    }

    #[test]
    fn no_line_is_another_alias_than_the_one_it_names(words in prop::collection::vec("(more|things|back|put)", 1..4)) {
        let line = format!("put {}", words.join(" "));
        if let Ok((values, again)) = read(&line) {
            prop_assert_eq!(read(&again).map(|read| read.0).ok(), Some(values), "{}", again);
        }
    }
}
