//! The chat page: what a browser gets, and who may ask for it.
//!
//! It shows everything and says anything as anybody, to whoever reaches the port. So only a page of its own may talk
//! to it: another site's page that is open in the same browser is refused, also one that has its name resolve to
//! this address (DNS rebinding).

mod actions;
mod assets;
mod events;
mod render;
mod sanitise;
mod unrendered;
mod view;

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json, Router,
    body::Body,
    extract::{Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header, uri::Authority};
use serde_json::json;

use crate::{endpoints, simulator::Shared};

/// What a browser asks for.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(assets::index))
        .route("/page/{file}", get(assets::file))
        .route("/page/state", get(view::state))
        .route("/page/events", get(events::events))
        .route("/page/say", post(actions::say))
        .route("/page/faults", post(actions::faults))
        .route("/page/unknowns", post(actions::unknowns))
        .route("/page/quotas", post(actions::quotas))
        .route_layer(middleware::from_fn_with_state(Arc::clone(&shared), guard))
        // No page: a robot that has the wrong path, and shall be told so.
        .route("/", post(endpoints::answer))
        .with_state(shared)
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
/// other page shows this one inside itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

async fn guard(State(shared): State<Arc<Shared>>, request: Request<Body>, next: Next) -> Response {
    let mut response = match admit(&shared, &request) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn admit(shared: &Shared, request: &Request<Body>) -> Result<(), Refused> {
    let headers = request.headers();
    let host = text(headers, &header::HOST).and_then(|host| host.parse::<Authority>().ok());
    let Some(host) = host.filter(|host| is_own(shared, host.host())) else {
        let expected = format!("expected a Host of this simulator, such as {}", shared.address());
        return Err(Refused::new(StatusCode::FORBIDDEN, expected));
    };
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

/// Whether this is how somebody reaches the simulator who does not come by a name of their own. An address is no
/// name: whoever listens everywhere is reached by any of theirs.
fn is_own(shared: &Shared, host: &str) -> bool {
    let public = shared.origin().parse::<Uri>().ok();
    let is_public =
        public.as_ref().and_then(Uri::host).is_some_and(|public| public.eq_ignore_ascii_case(host));
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let listens = shared.address().ip();
    let is_address =
        address.is_ok_and(|address| address.is_loopback() || address == listens || listens.is_unspecified());
    is_public || is_address || host.eq_ignore_ascii_case("localhost")
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
