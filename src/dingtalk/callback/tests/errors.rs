//! Each way in which a body is no callback.

use serde_json::json;

use super::{super::*, decoded, group_with, refused};

#[test]
fn not_json() {
    for (body, line, column) in [
        (&b""[..], 1, 0),
        (b"{\"msgtype\":\"text\"", 1, 17),
        (b"{\"msgtype\":\"text\"} x", 1, 20),
        (b"{\n\"msgtype\":\"te\xff\"}", 2, 14),
        (b"\xef\xbb\xbf{}", 1, 1),
        (b"a=b&c=d", 1, 1),
    ] {
        assert_eq!(decode(body), Err(DecodeError::NotJson { line, column }), "{}", body.escape_ascii());
    }
    for body in [r#"{"msgtype":"\ud800"}"#, r#"{"msgtype":"text","createAt":1e999}"#] {
        assert!(matches!(decode(body.as_bytes()), Err(DecodeError::NotJson { .. })), "{body}");
    }
}

#[test]
fn not_an_object() {
    for (body, came) in [
        ("null", "null"),
        ("true", "a boolean"),
        ("1", "a number"),
        ("\"{}\"", "a string"),
        ("[{\"msgtype\":\"text\"}]", "an array"),
    ] {
        assert_eq!(decode(body.as_bytes()), Err(DecodeError::NotAnObject { came }));
    }
}

#[test]
fn too_deep() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let body = |levels| format!(r#"{{"msgtype":"text","x":{}}}"#, nested(levels));
    let too_deep = Err(DecodeError::TooDeep { limit: 32 });
    assert!(decode(body(31).as_bytes()).is_ok());
    assert_eq!(decode(body(32).as_bytes()), too_deep);
    assert_eq!(decode("[".repeat(1 << 20).as_bytes()), too_deep);
    assert_eq!(decode("{\"a\":".repeat(1 << 18).as_bytes()), too_deep);

    let brackets = format!(r#""\"{}\\""#, "[{".repeat(40));
    assert!(
        decode(format!(r#"{{"msgtype":"text","x":{brackets}}}"#).as_bytes()).is_ok(),
        "brackets in a string"
    );

    let inner = |levels| format!(r#"{{"x":{}}}"#, nested(levels));
    let content = |levels| json!({"msgtype": "richText", "content": inner(levels)}).to_string();
    assert!(decode(content(31).as_bytes()).is_ok());
    assert_eq!(decode(content(32).as_bytes()), too_deep, "JSON in a string");
    let quote =
        json!({"msgtype": "text", "text": {"isReplyMsg": true, "repliedMsg": {"content": inner(32)}}});
    assert_eq!(decode(quote.to_string().as_bytes()), too_deep, "JSON in a string of a quote");
}

#[test]
fn a_known_key_given_twice() {
    for (body, key) in [
        (r#"{"msgtype":"text","msgtype":"text"}"#, "msgtype"),
        (r#"{"msgtype":"text","msgtyp\u0065":"text"}"#, "msgtype"),
        (r#"{"msgtype":"text","senderStaffId":null,"senderStaffId":"0147000001"}"#, "senderStaffId"),
        (r#"{"msgtype":"text","text":{},"text":{}}"#, "text"),
        (r#"{"msgtype":"text","text":{"content":"a","content":"b"}}"#, "content"),
        (r#"{"msgtype":"picture","content":{"text":"a","text":"b"}}"#, "text"),
        (r#"{"msgtype":"text","atUsers":[{"staffId":"a","staffId":"b"}]}"#, "staffId"),
        (r#"{"msgtype":"richText","content":{"richText":[{"text":"a","text":"b"}]}}"#, "text"),
        (r#"{"msgtype":"richText","content":"{\"richText\":[],\"richText\":[]}"}"#, "richText"),
        (r#"{"msgtype":"text","text":{"repliedMsg":{"msgId":"a","msgId":"b"}}}"#, "msgId"),
        (
            r#"{"msgtype":"text","text":{"isReplyMsg":true,"repliedMsg":{"content":"{\"text\":1,\"text\":2}"}}}"#,
            "text",
        ),
    ] {
        assert_eq!(decode(body.as_bytes()), Err(DecodeError::DuplicateKey { key }), "{body}");
    }
    assert!(decode(br#"{"msgtype":"text","x":1,"x":2,"text":{"y":1,"y":[]}}"#).is_ok(), "unknown keys may");
}

#[test]
fn no_msgtype() {
    for body in [json!({}), json!({"msgtype": null}), json!({"msgtype": ""}), json!({"encrypt": null})] {
        assert_eq!(refused(body), DecodeError::MissingMsgtype);
    }
    assert_eq!(refused(json!({"encrypt": "b64"})), DecodeError::Encrypted);
    assert_eq!(decoded(json!({"encrypt": "b64", "msgtype": "video"})).content, Content::Video);
}

#[test]
fn wrong_types() {
    let name = "a string or a whole number";
    let time = "a whole number of 64 bits";
    for (fields, key, expected, came) in [
        (json!({"msgtype": ["text"]}), "msgtype", name, "an array"),
        (json!({"msgId": {}}), "msgId", name, "an object"),
        (json!({"senderStaffId": true}), "senderStaffId", name, "a boolean"),
        (json!({"senderStaffId": 1.5}), "senderStaffId", name, "a number"),
        (json!({"robotCode": 1e30}), "robotCode", name, "a number"),
        (json!({"conversationType": [2]}), "conversationType", name, "an array"),
        (json!({"sessionWebhook": ["https://x"]}), "sessionWebhook", name, "an array"),
        (json!({"createAt": 1e300}), "createAt", time, "a number"),
        (json!({"createAt": u64::MAX}), "createAt", time, "a number"),
        (json!({"createAt": "99999999999999999999"}), "createAt", time, "a string"),
        (json!({"createAt": "inf"}), "createAt", time, "a string"),
        (json!({"createAt": "soon"}), "createAt", time, "a string"),
        (json!({"sessionWebhookExpiredTime": 0.5}), "sessionWebhookExpiredTime", time, "a number"),
        (json!({"sessionWebhookExpiredTime": {}}), "sessionWebhookExpiredTime", time, "an object"),
        (json!({"isAdmin": "yes"}), "isAdmin", "true or false", "a string"),
        (json!({"isAdmin": 2}), "isAdmin", "true or false", "a number"),
        (json!({"isInAtList": []}), "isInAtList", "true or false", "an array"),
        (json!({"atUsers": {}}), "atUsers", "an array", "an object"),
        (json!({"text": "ping"}), "text", "an object", "a string"),
        (json!({"text": {"content": {}}}), "text.content", name, "an object"),
        (
            json!({"text": null, "content": {}, "msgtype": "richText", "errorMessage": []}),
            "errorMessage",
            name,
            "an array",
        ),
        (
            json!({"msgtype": "richText", "content": {"richText": "a"}}),
            "content.richText",
            "an array",
            "a string",
        ),
        (json!({"msgtype": "richText", "content": "a"}), "content", "an object", "a string"),
        (json!({"msgtype": "audio", "content": []}), "content", "an object", "an array"),
        (
            json!({"msgtype": "audio", "content": {"recognition": {}}}),
            "content.recognition",
            name,
            "an object",
        ),
        (json!({"msgtype": "file", "content": {"fileName": []}}), "content.fileName", name, "an array"),
        (json!({"msgtype": "markdown", "content": {"text": []}}), "content.text", name, "an array"),
        (json!({"text": null, "content": [1]}), "content", "a string", "an array"),
    ] {
        assert_eq!(refused(group_with(fields)), DecodeError::WrongType { key, expected, came });
    }
    let huge = format!(r#"{{"msgtype":"text","createAt":1{}}}"#, "0".repeat(300));
    assert!(matches!(decode(huge.as_bytes()), Err(DecodeError::WrongType { key: "createAt", .. })));
}

#[test]
fn errors_say_what_was_expected_and_what_came() {
    let error = refused(json!({"msgtype": "text", "isAdmin": "s3cret"}));
    assert_eq!(error.to_string(), "expected `isAdmin` to be true or false, came a string");
    let error = decode(br#"{"msgtype":"text","sessionWebhook":"s3cret}"#).unwrap_err();
    assert_eq!(error.to_string(), "expected JSON, came something else at line 1, column 43");
}
