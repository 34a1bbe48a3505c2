//! Codes and their causes, and what of an answer is shown.

use super::*;

#[test]
fn every_cause_is_told_in_both_languages() {
    for cause in Cause::ALL {
        for locale in [Locale::Zh, Locale::En] {
            assert!(locale.lookup(cause.key()).is_some(), "{} in {}", cause.key(), locale.name());
        }
    }
}

#[test]
fn no_code_has_two_causes() {
    let codes: Vec<_> = Cause::ALL.iter().flat_map(|cause| cause.codes()).collect();
    for (index, code) in codes.iter().enumerate() {
        assert!(!codes[..index].contains(code), "{code}");
        assert_ne!(Cause::of(code, ""), Cause::Other, "{code}");
    }
}

#[test]
fn one_code_for_several_causes() {
    for (code, message, cause) in [
        ("310000", "keywords not in content, more: [https://ding-doc.dingtalk.com/doc]", Cause::Keyword),
        ("310000", "description:关键词不匹配;solution:请联系群管理员查看此机器人的关键词", Cause::Keyword),
        ("310000", "invalid timestamp", Cause::Timestamp),
        (
            "310000",
            "description:机器人发送签名过期;solution:签名生成时间和发送时间请保持在60分钟以内",
            Cause::Timestamp,
        ),
        ("310000", "sign not match", Cause::Signature),
        (
            "310000",
            "description:机器人发送签名不匹配;solution:请确认签名和生成签名的时间戳",
            Cause::Signature,
        ),
        ("310000", "sign not match, more: [the keyword of timestamp and sign]", Cause::Signature),
        ("310000", "description:签名不匹配;solution:签名或时间戳可能已过期", Cause::Signature),
        ("310000", "ip 203.0.113.7 not in whitelist", Cause::Address),
        ("310000", "description:ip 不在白名单中", Cause::Address),
        ("310000", "something new", Cause::Security),
        ("300001", "session 不存在", Cause::SessionGone),
        ("300001", "token is not exist", Cause::TokenUnknown),
        ("300001", "msgtype is null", Cause::Malformed),
        ("400503", "miss param : actionCard->text", Cause::Malformed),
        ("invalidParameter.robotCode.notExsit", "", Cause::RobotCode),
        ("miss.param.markdownTotitle", "", Cause::Malformed),
        ("999999", "something new", Cause::Other),
    ] {
        assert_eq!(Cause::of(code, message), cause, "{code} {message}");
    }
}

#[test]
fn a_zero_is_no_refusal() {
    let show = |text: &str| text.to_owned();
    for zero in ["0", "0.0", "\"0\"", "\"0.0\"", "\"00 \"", "-0.0"] {
        let old = format!(r#"{{"errcode":{zero}}}"#);
        assert_eq!(judge_old(200, old.as_bytes(), show), Ok(()), "{zero}");
        for status in [302, 403, 500] {
            let error = judge_old(status, old.as_bytes(), show).unwrap_err();
            assert_eq!(error.class(), Class::Unknown, "{status} {zero}");
            let error = judge_new(status, old.as_bytes(), show).unwrap_err();
            assert_eq!(error.class(), Class::Unknown, "{status} {zero}");
        }
        // Success of the OpenAPI is for its caller to find in it.
        for key in ["code", "errcode"] {
            let new = format!(r#"{{"{key}":{zero}}}"#);
            assert!(judge_new(200, new.as_bytes(), show).is_ok(), "{new}");
        }
    }
    for answer in
        ["{}", r#"{"errcode":""}"#, r#"{"errcode":null}"#, r#"{"errcode":[0]}"#, "\u{feff}{\"errcode\":0}"]
    {
        assert_eq!(judge_old(200, answer.as_bytes(), show).unwrap_err().class(), Class::Unknown, "{answer}");
    }
}

#[test]
fn a_secret_in_a_code_is_masked() {
    let mask = |text: &str| text.replace("hunter2", "***");
    let answer = br#"{"code":"bad.hunter2","message":"no hunter2"}"#;
    let error = judge_new(400, answer, mask).unwrap_err().to_string();
    assert!(error.contains("bad.***: no ***"), "{error}");
    let error = judge_old(200, br#"{"errcode":"hunter2","errmsg":""}"#, mask).unwrap_err().to_string();
    assert!(!error.contains("hunter2"), "{error}");
}
