//! The page's own files: as they are in the repository, without a build step.

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};

use super::Refused;

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal: $kind:expr),+ $(,)?) => {
        /// Name, content type and content.
        const FILES: &[(&str, &str, &str)] = &[$(($name, $kind, include_str!(concat!("assets/", $name)))),+];
    };
}

files! {
    "page.css": STYLE,
    "chat.css": STYLE,
    "wire.css": STYLE,
    "page.js": SCRIPT,
    "chat.js": SCRIPT,
    "composer.js": SCRIPT,
    "dom.js": SCRIPT,
    "faults.js": SCRIPT,
    "i18n.js": SCRIPT,
    "layout.js": SCRIPT,
    "message.js": SCRIPT,
    "sidebar.js": SCRIPT,
    "store.js": SCRIPT,
    "wire.js": SCRIPT,
    "robot.svg": SVG,
}

pub(super) async fn index() -> Response {
    ([(header::CONTENT_TYPE, HTML)], include_str!("assets/index.html")).into_response()
}

/// What browsers ask for unasked.
pub(super) async fn icon() -> Response {
    ([(header::CONTENT_TYPE, SVG)], include_str!("assets/robot.svg")).into_response()
}

pub(super) async fn file(Path(name): Path<String>) -> Result<Response, Refused> {
    let found = FILES.iter().find(|(known, ..)| *known == name);
    let (_, kind, content) =
        found.ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, format!("there is no {name:?} here")))?;
    Ok(([(header::CONTENT_TYPE, *kind)], *content).into_response())
}
