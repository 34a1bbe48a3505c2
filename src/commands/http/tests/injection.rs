//! What somebody types, or the other side says, stays a value.

use proptest::prelude::*;
use url::Url;

use super::{chat, plain, service};
use crate::{
    outbound,
    testing::{Service, alice},
};

/// A command with one argument that goes everywhere.
const EVERYWHERE: &str = r#"
path    = ["a", "{{ x }}", "z"]
query   = { q = "{{ x }}" }
headers = { X-Said = "{{ x }}" }
reply   = "{{ x }}"
args    = [{ name = "x", max = 2000, help = { zh = "什么", en = "What" } }]
"#;

fn everywhere() -> String {
    plain(EVERYWHERE).replace("examples = ['look']", "examples = ['look x']")
}

#[tokio::test]
async fn a_path_is_not_climbed() {
    let service = Service::start().await;
    let mut chat = chat(&everywhere(), &service).await;
    for value in ["..", ".", "../admin", "a/../b", "a/..", "..\\b", "/etc", "a//b", "a/", "a/./b", "\u{1}"] {
        chat.say(alice(), format!("look '{value}'").as_str()).await;
        let reply = chat.read();
        assert!(reply.contains("不能作为请求地址里的一段，没有发出请求"), "{value}: {reply}");
    }
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn a_value_is_one_segment_one_value_and_one_header() {
    for (value, segment, query) in [
        ("group/project", "group%2Fproject", "q=group%2Fproject"),
        ("a?b=c#d", "a%3Fb%3Dc%23d", "q=a%3Fb%3Dc%23d"),
        ("..;a", "..%3Ba", "q=..%3Ba"),
        ("%2e%2e", "%252e%252e", "q=%252e%252e"),
        ("a&q=b+c d", "a%26q%3Db%2Bc%20d", "q=a%26q%3Db%2Bc+d"),
        ("@evil.example", "%40evil.example", "q=%40evil.example"),
        ("{{ secret }}", "%7B%7B%20secret%20%7D%7D", "q=%7B%7B+secret+%7D%7D"),
        ("{% raw %}", "%7B%25%20raw%20%25%7D", "q=%7B%25+raw+%25%7D"),
        ("中", "%E4%B8%AD", "q=%E4%B8%AD"),
    ] {
        let service = service(200, "").await;
        let mut chat = chat(&everywhere(), &service).await;
        chat.say(alice(), format!("look '{value}'").as_str()).await;
        chat.forget();
        let asked = &service.asked()[0];
        assert_eq!((asked.path.as_str(), asked.query.as_str()), (format!("/a/{segment}/z").as_str(), query));
        assert_eq!(asked.header("x-said"), value);
    }
}

#[tokio::test]
async fn a_header_ends_where_it_does() {
    let toml = plain(
        "headers = { X-Said = '{{ x }}' }\nargs = [{ name = 'x', help = { zh = '什么', en = 'What' } }]",
    );
    let toml = toml.replace("examples = ['look']", "examples = ['look x']");
    let service = Service::start().await;
    let mut chat = chat(&toml, &service).await;
    for value in ["a\nX-Other: b", "a\rb", "a\u{0}b", "a\u{7F}b"] {
        chat.say(alice(), format!("look \"{value}\"").as_str()).await;
        let reply = chat.read();
        assert!(reply.contains("请求头 x-said 的值里有换行或控制字符，没有发出请求"), "{value:?}: {reply}");
    }
    assert!(service.requests().is_empty());
}

#[tokio::test]
async fn a_reply_shows_values_as_they_are() {
    for (value, shown) in [
        ("[x](https://evil.example)", "&#91;x&#93;(https&#58;//evil.example)"),
        ("**x** @all <b>", "&#42;&#42;x&#42;&#42; &#64;all &lt;b&gt;"),
        ("# x", "&#35; x"),
        ("1. x", "1&#46; x"),
        ("dtmd://dingtalkclient/sendMessage?content=x", "dtmd&#58;//dingtalkclient/sendMessage?content=x"),
        ("{{ 7 * 7 }}", "{{ 7 &#42; 7 }}"),
        ("```", "&#96;&#96;&#96;"),
    ] {
        let service = service(200, "").await;
        let mut chat = chat(&everywhere(), &service).await;
        chat.say(alice(), format!("look '{value}'").as_str()).await;
        let reply = chat.read();
        if value.contains("//") {
            assert!(!reply.contains("https://evil") && !reply.contains("dtmd://"), "{reply}");
        } else {
            assert!(reply.contains(&format!("look\n\n{shown}\n")), "{reply}");
        }
    }
}

#[tokio::test]
async fn what_the_other_side_says_is_no_markdown() {
    let body = r#"{"a":"https:","b":"//evil.example","c":"ww","d":"w.evil.example","link":"javascript:alert(1)","ok":"https://ok.example/(x)","label":"a](https://evil.example)","log":"x\n```\n[y](https://evil.example)\n","null":null,"list":[1,"*"]}"#;
    let reply = "reply = '''\n{{ json.a }}{{ json.b }} {{ json.c }}{{ json.d }}\n- {{ link(json.label, json.link) }}\n- {{ link(json.label, json.ok) }}\n- {{ json.null }}|{{ json.list }}|{{ json.list | join(\", \") }}\n\n{{ json.log | code }}'''";
    let service = service(200, body).await;
    let mut chat = chat(&plain(reply), &service).await;
    chat.say(alice(), "look").await;
    insta::assert_snapshot!(chat.read().replace('\u{200B}', "·"), @r#"
    #### look

    https&#58;&#47;/evil.example www&#46;evil.example
    - a&#93;(https&#58;//evil.example)
    - [a&#93;(https&#58;//evil.example)](https://ok.example/%28x%29)
    - |&#91;1,"&#42;"&#93;|1, &#42;


    ```
    x
    `·`·`
    [y]·(https://evil.example)
    ```

    @0147000002
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// No value changes where a request goes, or how many segments its path has.
    #[test]
    fn no_value_leaves_its_segment(
        one in "\\PC{0,12}|[./\\\\%;?#@:&a2eEfF]{0,8}|(\\.\\.|/|%2[eEfF]|a){0,5}",
        other in any::<String>(),
    ) {
        let origin = Url::parse("https://api.example.com:8443").unwrap();
        let Ok(url) = outbound::address(&origin, &["v1", &one, "x", &other]) else { return Ok(()) };
        // As the other side parses it.
        let url = Url::parse(url.as_str()).unwrap();
        prop_assert_eq!(url.origin(), origin.origin());
        prop_assert_eq!((url.username(), url.password(), url.query(), url.fragment()), ("", None, None, None));
        let segments: Vec<String> = url
            .path_segments()
            .unwrap()
            .map(|segment| percent_encoding::percent_decode_str(segment).decode_utf8().unwrap().into_owned())
            .collect();
        prop_assert_eq!(segments, ["v1", &one, "x", &other]);
    }

    /// A reply with any values has the links and mentions that its template has, which are none.
    #[test]
    fn no_value_becomes_markup(one in "\\PC{0,20}|[@\\[\\]()<>!`~#:/.w\\-0-9 \n]{0,12}", other in "\\PC{0,20}|[@\\[\\]()<>!:/.w]{0,8}") {
        use crate::dingtalk::markdown::escape_anywhere;
        let shown = format!("{}{}", escape_anywhere(&one), escape_anywhere(&other));
        for markup in ["](", "://", "@", "<", "`", "**", "www.", "[", "]"] {
            prop_assert!(!shown.to_lowercase().contains(markup), "{shown:?}");
        }
        for line in shown.lines() {
            let is_code = line.starts_with("    ") && !line.trim().is_empty();
            prop_assert!(!line.trim_start().starts_with(['#', '+', '-', '=', '~']) && !is_code, "{shown:?}");
        }
    }
}
