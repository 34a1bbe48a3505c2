//! What of HTML may get into the page: a second wall behind the renderer, which lets no raw HTML through.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
use url::Url;

use super::render::Unrendered;

/// Takes out whatever is not allowed.
pub(super) fn sanitise(html: &str) -> String {
    SANITISER.clean(html).to_string()
}

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
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
        .url_schemes(HashSet::from(["http", "https", "dtmd", "dingtalk"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer"))
        .set_tag_attribute_value("a", "target", "_blank")
        .set_tag_attribute_value("img", "loading", "lazy")
        .attribute_filter(|tag, attribute, value| match (tag, attribute) {
            ("img", "src") => is_http(value).then(|| value.into()),
            ("font", "color") => is_color(value).then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
});

fn is_http(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// `#RRGGBB`.
pub(super) fn is_color(value: &str) -> bool {
    value.len() == 7
        && value.strip_prefix('#').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("<img src=\"data:image/png;base64,AA\">", "<img loading=\"lazy\">"),
            ("<a href=\"javascript:a()\">a</a>", "<a target=\"_blank\" rel=\"noopener noreferrer\">a</a>"),
            ("<table><tr><td>a</td></tr></table><button>b</button>", "ab"),
        ] {
            assert_eq!(sanitise(html), left);
        }
    }
}
