//! The chat page: what a browser gets, and who may ask for it.
//!
//! It shows everything and says anything as anybody, to whoever reaches the port. So only a page of its own may talk
//! to it: another site's page that is open in the same browser is refused, also one that has its name resolve to
//! this address (DNS rebinding).

mod actions;
mod assets;
mod events;
mod mention;
mod nesting;
mod own;
mod render;
mod rendered;
mod runs;
mod sanitise;
mod unrendered;
mod view;

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Body,
    extract::{FromRef, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Authority};
use serde_json::json;

use self::{own::Own, rendered::Rendered};
use crate::{endpoints, simulator::Shared};

/// What all requests of the page share.
#[derive(Debug, Clone)]
struct Page {
    shared: Arc<Shared>,
    own: Own,
    rendered: Arc<Rendered>,
}

impl Page {
    fn new(shared: Arc<Shared>) -> Self {
        let own = Own::of(&shared);
        Self { rendered: Arc::new(Rendered::new(own.clone())), own, shared }
    }
}

impl FromRef<Page> for Arc<Shared> {
    fn from_ref(page: &Page) -> Self {
        Self::clone(&page.shared)
    }
}

/// What a browser asks for.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let page = Page::new(shared);
    Router::new()
        .route("/", get(assets::index))
        .route("/favicon.ico", get(assets::icon))
        .route("/page/{file}", get(assets::file))
        .route("/page/state", get(view::state))
        .route("/page/events", get(events::events))
        .route("/page/say", post(actions::say))
        .route("/page/faults", post(actions::faults))
        .route("/page/unknowns", post(actions::unknowns))
        .route("/page/quotas", post(actions::quotas))
        .route_layer(middleware::from_fn_with_state(page.clone(), guard))
        // No page: a robot that has the wrong path, and shall be told so.
        .route("/", post(endpoints::answer))
        .with_state(page)
}

/// Why a request of the page is not taken: `{"error": …}`.
#[derive(Debug)]
struct Refused(StatusCode, String);

impl Refused {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self(status, reason.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "error": self.1 }))).into_response()
    }
}

/// Scripts, styles and data from here only, pictures from wherever a robot's message has them, nothing else; and no
/// other page shows this one inside itself. `http:` includes this page itself: [`FETCHED`] is what keeps a picture off.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src http: https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What a browser wants something for: `empty` where a script asked, `image` where it shall be a picture.
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const FETCH: &str = "empty";
/// What scripts ask for, and nothing else: a picture of the events never ends, and browsers have six connections.
const FETCHED: [&str; 2] = ["/page/events", "/page/state"];

async fn guard(State(page): State<Page>, request: Request<Body>, next: Next) -> Response {
    let mut response = match admit(&page.own, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn admit(own: &Own, request: &Request<Body>) -> Result<(), Refused> {
    let headers = request.headers();
    let host = text(headers, &header::HOST).and_then(|host| host.parse::<Authority>().ok());
    let Some(host) = host.filter(|host| own.is_host(host.host())) else {
        let expected = format!("expected a Host of this simulator, such as {}", own.address());
        return Err(Refused::new(StatusCode::FORBIDDEN, expected));
    };
    let destination = text(headers, &SEC_FETCH_DEST).unwrap_or(FETCH);
    if destination != FETCH && FETCHED.contains(&request.uri().path()) {
        let expected = format!("expected a fetch of the page's scripts, came one of {destination:?}");
        return Err(Refused::new(StatusCode::FORBIDDEN, expected));
    }
    if *request.method() != Method::POST {
        return Ok(());
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let origin = origin.to_str().ok().and_then(|origin| origin.parse::<Uri>().ok());
        if origin.as_ref().and_then(Uri::authority) != Some(&host) {
            return Err(Refused::new(StatusCode::FORBIDDEN, "expected the Origin to be this page"));
        }
    }
    let kind = text(headers, &header::CONTENT_TYPE).unwrap_or("").split(';').next().unwrap_or("");
    match kind.trim().eq_ignore_ascii_case("application/json") {
        true => Ok(()),
        false => {
            let expected = format!("expected the Content-Type application/json, came {kind:?}");
            Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, expected))
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use crate::Simulator;
    use axum::{body::Body, http::Request};
    use http::StatusCode;
    use tower::ServiceExt;

    async fn status(request: http::request::Builder, body: &str) -> StatusCode {
        let simulator =
            Simulator::builder().public_url("http://dingtalk.test:81/").unattended().start().await;
        let shared = simulator.expect("a simulator").shared();
        let request = request.body(Body::from(body.to_owned())).expect("a request");
        let response = super::router(shared).oneshot(request).await.expect("an answer");
        assert!(response.headers()["content-security-policy"].to_str().is_ok_and(|it| it.contains("'none'")));
        response.status()
    }

    #[tokio::test]
    async fn only_own_hosts_are_answered() {
        for (host, expected) in [
            ("127.0.0.1:8000", StatusCode::OK),
            ("localhost:8000", StatusCode::OK),
            ("LOCALHOST", StatusCode::OK),
            ("[::1]:8000", StatusCode::OK),
            ("dingtalk.test:81", StatusCode::OK),
            ("evil.example", StatusCode::FORBIDDEN),
            ("localhost.evil.example", StatusCode::FORBIDDEN),
            ("127.0.0.1.evil.example:8000", StatusCode::FORBIDDEN),
            ("192.0.2.1", StatusCode::FORBIDDEN),
            ("", StatusCode::FORBIDDEN),
        ] {
            for path in ["/", "/page/state", "/page/page.css"] {
                assert_eq!(status(Request::get(path).header("host", host), "").await, expected, "{host}");
            }
        }
        assert_eq!(status(Request::get("/"), "").await, StatusCode::FORBIDDEN, "no host at all");
    }

    #[tokio::test]
    async fn nothing_but_a_script_gets_events() {
        let get = |path| Request::get(path).header("host", "127.0.0.1:8000");
        for path in ["/page/state", "/page/events"] {
            assert_eq!(status(get(path), "").await, StatusCode::OK);
            assert_eq!(status(get(path).header("sec-fetch-dest", "empty"), "").await, StatusCode::OK);
            for other in ["image", "document", "iframe", "script", ""] {
                let request = get(path).header("sec-fetch-dest", other);
                assert_eq!(status(request, "").await, StatusCode::FORBIDDEN, "{other}");
            }
        }
        let icon = get("/favicon.ico").header("sec-fetch-dest", "image");
        assert_eq!(status(icon, "").await, StatusCode::OK);
    }

    #[tokio::test]
    async fn only_the_page_itself_may_post() {
        let post = || Request::post("/page/quotas").header("host", "127.0.0.1:8000");
        let json = || post().header("content-type", "application/json; charset=utf-8");
        let body = r#"{"quota":"api","used":"all"}"#;
        assert_eq!(status(json(), body).await, StatusCode::OK);
        assert_eq!(status(json().header("origin", "http://127.0.0.1:8000"), body).await, StatusCode::OK);
        for origin in ["http://evil.example", "null", "http://127.0.0.1:8001", "http://localhost:8000", ""] {
            assert_eq!(
                status(json().header("origin", origin), body).await,
                StatusCode::FORBIDDEN,
                "{origin}"
            );
        }
        for kind in ["text/plain", "application/x-www-form-urlencoded", "text/plain; application/json"] {
            let request = post().header("content-type", kind);
            assert_eq!(status(request, body).await, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        }
        assert_eq!(status(post(), body).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        assert_eq!(status(json(), "{").await, StatusCode::BAD_REQUEST);
    }
}
