//! What holds for any body.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{super::*, GROUP, decoded, group_with};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(Value::from("{\"text\":[1],\"richText\":[{}]}")),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-zA-Z]{1,8}", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// A key that is read somewhere.
fn known_key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "msgtype",
        "createAt",
        "isAdmin",
        "atUsers",
        "text",
        "content",
        "errorMessage",
        "code",
        "encrypt",
        "msgId",
        "originalMsgId",
        "sessionWebhook",
        "chatbotUserId",
        "conversationType",
    ])
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body: Vec<u8>) {
        let _ = decode(&body);
    }

    #[test]
    fn no_change_to_a_message_makes_it_panic(
        cuts in prop::collection::vec((0..GROUP.len(), 0_usize..4, "[\\[\\]{}\":,\\\\0-9eE.a-z]{0,4}"), 1..6)
    ) {
        let mut body = GROUP.as_bytes().to_vec();
        for (at, length, with) in cuts {
            let at = at.min(body.len());
            let end = (at + length).min(body.len());
            body.splice(at..end, with.into_bytes());
        }
        let _ = decode(&body);
    }

    #[test]
    fn no_value_makes_it_panic(
        key in known_key(), inner in known_key(), value in any_json(),
        msgtype in prop::sample::select(vec!["text", "richText", "audio", "file", "markdown", "x"]),
        nested: bool, stringly: bool,
    ) {
        let value = if nested { json!({ inner: value, "isReplyMsg": true, "repliedMsg": {"content": 1} }) } else { value };
        let value = if stringly { Value::from(value.to_string()) } else { value };
        let mut body = group_with(json!({ "msgtype": msgtype }));
        body[key] = value;
        let _ = decode(body.to_string().as_bytes());
    }

    #[test]
    fn unknown_fields_change_nothing(fields in prop::collection::vec(("x-[a-z]{0,6}", any_json()), 0..6)) {
        let known = GROUP.trim_end().strip_suffix('}').unwrap();
        let unknown: String = fields.iter().map(|(key, value)| format!(",\"{key}\":{value}")).collect();
        let body = format!("{known}{unknown}}}");
        prop_assert_eq!(decode(body.as_bytes()), decode(GROUP.as_bytes()));
    }

    #[test]
    fn a_number_and_its_digits_say_the_same(number: i64, key in prop::sample::select(vec![
        "createAt", "sessionWebhookExpiredTime", "conversationType", "senderStaffId", "msgId", "robotCode", "senderId",
    ])) {
        let as_number = decoded(group_with(json!({ key: number })));
        let as_text = decoded(group_with(json!({ key: number.to_string() })));
        prop_assert_eq!(as_number, as_text);
    }

    #[test]
    fn a_flag_and_its_text_say_the_same(set: bool, key in prop::sample::select(vec!["isAdmin", "isInAtList"])) {
        let expected = decoded(group_with(json!({ key: set })));
        for form in [json!(u8::from(set)), json!(u8::from(set).to_string()), json!(set.to_string())] {
            prop_assert_eq!(&decoded(group_with(json!({ key: form }))), &expected);
        }
    }
}
