//! What of HTML may get into the page: a second wall behind the renderer, which lets no raw HTML through.

use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::{own::Own, unrendered::Unrendered};

/// Takes out whatever is not allowed.
#[derive(Debug)]
pub(super) struct Sanitiser(Builder<'static>);

impl Sanitiser {
    /// For a page at this address, which no picture may come from: a browser has six connections to it, and could be
    /// kept waiting on all.
    pub(super) fn new(own: Own) -> Self {
        Self(builder(own))
    }

    pub(super) fn clean(&self, html: &str) -> String {
        self.0.clean(html).to_string()
    }
}

fn builder(own: Own) -> Builder<'static> {
    let tags = [
        "a",
        "blockquote",
        "br",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "img",
        "li",
        "ol",
        "p",
        "span",
        "strong",
        "ul",
    ];
    let attributes: [(&str, &[&str]); 4] = [
        ("a", &["href", "title"]),
        ("font", &["color"]),
        ("img", &["src", "alt", "title"]),
        ("ol", &["start"]),
    ];
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from(tags))
        .tag_attributes(attributes.map(|(tag, names)| (tag, names.iter().copied().collect())).into())
        .tag_attribute_values(HashMap::from([(
            "span",
            HashMap::from([("data-unrendered", Unrendered::ALL.map(Unrendered::name).into())]),
        )]))
        .allowed_classes(HashMap::from([("span", HashSet::from(["unrendered", "block"]))]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "data", "dtmd", "dingtalk"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("a", "target", "_blank")
        .set_tag_attribute_value("img", "loading", "lazy")
        .attribute_filter(move |tag, attribute, value| match (tag, attribute) {
            ("img", "src") => is_picture(value, &own).then(|| value.into()),
            ("a", "href") => (!is_data(value)).then(|| value.into()),
            ("font", "color") => is_color(value).then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
}

/// A picture of the web or in the message itself; the page's Content-Security-Policy says the same.
fn is_picture(address: &str, own: &Own) -> bool {
    Url::parse(address).is_ok_and(|url| match url.scheme() {
        "http" | "https" => !own.answers(&url),
        "data" => PICTURES.iter().any(|kind| url.path().starts_with(&format!("image/{kind};base64,"))),
        _ => false,
    })
}

fn is_data(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| url.scheme() == "data")
}

/// What `data:` may hold.
const PICTURES: [&str; 4] = ["png", "jpeg", "gif", "webp"];

/// `#RRGGBB`.
pub(super) fn is_color(value: &str) -> bool {
    value.len() == 7
        && value.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::page::{own::tests::own, render::tests::shown};

    /// What somebody reads of it.
    pub(in crate::page) fn text_of(html: &str) -> String {
        let mut text = String::new();
        let mut rest = html;
        while let Some((before, tag)) = rest.split_once('<') {
            text.push_str(before);
            rest = tag.split_once('>').map_or("", |(_, after)| after);
        }
        text.push_str(rest);
        for (escaped, c) in
            [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", "\u{a0}"), ("&amp;", "&")]
        {
            text = text.replace(escaped, c);
        }
        text
    }

    #[test]
    fn only_what_the_renderer_writes_gets_through() {
        for (html, left) in [
            ("<script>a</script><style>a</style>", ""),
            ("<p onclick=\"a()\" style=\"color:red\" class=\"x\" id=\"y\">a</p>", "<p>a</p>"),
            ("<font color=\"red\">a</font>", "<font>a</font>"),
            ("<font color=\"#12345g\">a</font>", "<font>a</font>"),
            (
                "<span class=\"evil block\" data-x=\"1\" data-unrendered=\"x\">a</span>",
                "<span class=\"block\">a</span>",
            ),
            ("<img src=\"data:image/svg+xml,AA\">", "<img loading=\"lazy\">"),
            ("<a href=\"javascript:a()\">a</a>", "<a target=\"_blank\" rel=\"noopener noreferrer\">a</a>"),
            ("<table><tr><td>a</td></tr></table><button>b</button>", "ab"),
        ] {
            assert_eq!(Sanitiser::new(own()).clean(html), left);
        }
    }

    #[test]
    fn hostile_replies_are_text() {
        for source in [
            "<script>window.pwned = 1</script>",
            "a <script>window.pwned = 1</script>",
            "<img src=x onerror=alert(1)>",
            "a <img src=x onerror=alert(1)>",
            "<style>*{display:none}</style>",
            "<font color=\"expression(alert(1))\">a</font>",
            "<font color=#FF0000 onclick=alert(1)>a</font>",
            "<font color=#FF0000\"onclick=alert(1)>a</font>",
            "<a href=javascript:alert(1)>a</a>",
            "<span class=unrendered data-unrendered=code>a</span>",
            "<iframe src=https://example.com></iframe>",
            "<svg><p><style><g title=\"</style><img src=x onerror=alert(1)>\"></svg>",
            "<div><b><p></div></b><table><td><form>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
        ] {
            let html = shown(source);
            for tag in [
                "<script", "<img", "<style", "<a", "<iframe", "<svg", "<div", "<b>", "<math", "<form",
                "<font",
            ] {
                assert!(!html.contains(tag), "{source}\n{html}");
            }
            let text = text_of(&html);
            assert!(text.contains(source), "{source}\n{html}");
        }
    }

    #[test]
    fn hostile_links_go_nowhere() {
        for target in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java&#10;script:alert(1)",
            "&#106;avascript:alert(1)",
            "data:text/html,<script>alert(1)</script>",
            "data:image/png;base64,AA",
            " DATA:image/png;base64,AA",
            "vbscript:a",
            "file:///etc/passwd",
            "/page/state",
            "//example.com",
        ] {
            let html = shown(&format!("[a](<{}>)", target.replace('<', "\\<").replace('>', "\\>")));
            assert!(!html.contains("href"), "{html}");
        }
        let html = shown("[a](dtmd://dingtalkclient/sendMessage?content=\"onmouseover=alert(1) \"x\")");
        assert!(!html.contains("\"onmouseover"), "{html}");
    }
}
