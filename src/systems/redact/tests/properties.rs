use super::*;

/// Secrets, each with what of it must not be seen.
fn secret() -> impl Strategy<Value = (String, String)> {
    let word = r#"[A-Za-z0-9][A-Za-z0-9!$%^_+./:@~-]{4,20}[A-Za-z0-9]"#;
    let named = ("[a-z]{0,3}(password|secret|api_key|TOKEN|access-key)", "(=|: | => |：)", word);
    let named = named.prop_map(|(name, sign, value)| (format!("{name}{sign}{value}"), value));
    let quoted = (word, "['\"]")
        .prop_map(|(value, quote)| (format!("{quote}passwd{quote}: {quote}{value}{quote}"), value));
    let address = ("[a-z]{1,8}", "[A-Za-z0-9!$%^_+.~-]{4,20}");
    let address =
        address.prop_map(|(user, value)| (format!("https://{user}:{value}@a.b/c"), format!(":{value}@")));
    let known = (0..tokens::prefixes().len(), "[0-9]{64}").prop_map(|(at, digits)| {
        let (prefix, length) = tokens::prefixes()[at];
        let token = digits[..length.min(64)].to_owned();
        (format!("{prefix}{token}"), token)
    });
    let jwt = "[A-Za-z0-9_]{8,20}\\.[A-Za-z0-9_]{8,20}\\.[A-Za-z0-9_]{8,20}";
    let jwt = jwt.prop_map(|parts| (format!("eyJ{parts}"), parts));
    let mobile = "1[3-9][0-9]{9}".prop_map(|number| (number.clone(), number));
    prop_oneof![named, quoted, address, known, jwt, mobile]
}

/// Texts of what is looked at, in whatever order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "password",
        "token",
        "-pass",
        "Cookie",
        "authorization",
        "密码",
        "sign",
        "u0026",
        "name",
        "name: ",
        "value",
        "value=",
        "mysql ",
        "curl ",
        " login ",
        " -p",
        " -p ",
        " -u ",
        " is ",
        "是",
        "\u{3000}",
        "\u{a0}",
        "|-\n",
        "- ",
        "  ",
        " IDENTIFIED BY ",
        "ENV ",
        "https",
        "PASS",
        "auth",
        "=",
        ":",
        "：",
        "=>",
        "==",
        " ",
        "\n",
        "\t",
        "\"",
        "'",
        "\\",
        "\\\"",
        "\\n",
        ",",
        ";",
        "&",
        "?",
        "{",
        "}",
        "[",
        "]",
        "<",
        ">",
        "(",
        ")",
        ".",
        "-",
        "--",
        "_",
        "/",
        "://",
        ":\\/\\/",
        "@",
        "#",
        "|",
        "*",
        "***",
        "+86",
        "86",
        "13812345678",
        "138 1234 5678",
        "1",
        "9",
        "a",
        "11010519491231002X",
        "ghp_",
        "AKIA",
        "IOSFODNN7EXAMPLE",
        "abcdefghij0123456789abcdefghij0123456789",
        "eyJ",
        "eyJhbGciOiJI",
        "Bearer ",
        "Basic ",
        "a1b2c3d4",
        "Ym9iOmh1bnRlcjI=",
        "PWD",
        "true",
        " bytes",
        "\u{1b}[0m",
        "%3D",
        "中",
        "。",
        "，",
        "é",
        "-----BEGIN PRIVATE KEY-----",
        "-----END RSA PRIVATE KEY-----",
        "Proc-Type: 4",
        LINE,
        "LS0tLS1CRUdJTiBSU0EgUFJJ",
    ]);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_redacted_once(text in ".{0,200}") {
        let once = redacted(&text);
        prop_assert_eq!(&redacted(&once), &once);
    }

    #[test]
    fn a_text_of_what_is_looked_at_is_redacted_once(text in pieces()) {
        let once = redacted(&text);
        prop_assert_eq!(&redacted(&once), &once, "of {:?}", text);
        let most = text.len() + HIDDEN.len() * once.matches(HIDDEN).count();
        prop_assert!(once.len() <= most, "{}", once);
    }

    #[test]
    fn a_secret_does_not_survive(
        (secret, unseen) in secret(),
        before in "[ -~中文。\n]{0,40}",
        after in "[ -~中文。\n]{0,40}",
        left in "[ \n(,|。]",
        right in "[ \n]",
    ) {
        let shown = redacted(&format!("{before}{left}{secret}{right}{after}")).into_owned();
        prop_assert!(!shown.contains(&unseen), "{:?} of {:?}", shown, secret);
    }

    #[test]
    fn what_has_no_name_and_no_kind_stays(text in "[a-z]{1,8}( [a-z]{1,8}){0,8}[.!]\n[0-9]{1,9} (ms|MiB)") {
        prop_assert_eq!(redacted(&text), text.as_str());
    }
}
