//! The robot that is driven: an address, or a function.

use std::{fmt, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

type Answer = Pin<Box<dyn Future<Output = Result<Response<Bytes>, String>> + Send>>;

/// What callbacks are pushed to.
#[derive(Clone)]
pub struct Robot(Kind);

#[derive(Clone)]
enum Kind {
    Nobody,
    Address(Uri, Client<HttpConnector, Full<Bytes>>),
    Function(Arc<dyn Fn(Request<Bytes>) -> Answer + Send + Sync>),
}

/// Why an address is none of a robot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected an http address such as http://127.0.0.1:9000/ (this is for robots on one's own machine), came {0:?}"
)]
pub struct InvalidAddress(String);

/// More than any robot answers.
const MAX_ANSWER: usize = 1024 * 1024;

impl Robot {
    /// The robot that listens here: its message receive address (消息接收地址). Plain http only: this is for
    /// one's own machine.
    ///
    /// # Errors
    /// When this is no absolute http address.
    pub fn at(address: &str) -> Result<Self, InvalidAddress> {
        let invalid = || InvalidAddress(address.into());
        let uri: Uri = address.parse().map_err(|_| invalid())?;
        if uri.scheme_str() != Some("http") || uri.host().is_none_or(str::is_empty) {
            return Err(invalid());
        }
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Ok(Self(Kind::Address(uri, client)))
    }

    /// A robot that is a function from request to response.
    pub fn function<F, A>(function: F) -> Self
    where
        F: Fn(Request<Bytes>) -> A + Send + Sync + 'static,
        A: Future<Output = Response<Bytes>> + Send + 'static,
    {
        Self(Kind::Function(Arc::new(move |request| {
            let answer = function(request);
            Box::pin(async move { Ok(answer.await) })
        })))
    }

    /// No robot: callbacks go nowhere.
    pub(crate) fn nobody() -> Self {
        Self(Kind::Nobody)
    }

    /// Path and query that callbacks are pushed to.
    pub(crate) fn target(&self) -> &str {
        match &self.0 {
            Kind::Address(uri, _) => uri.path_and_query().map_or("/", |target| target.as_str()),
            Kind::Function(_) | Kind::Nobody => "/",
        }
    }

    /// Pushes one request; says why there is no answer.
    pub(crate) async fn call(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, String> {
        match &self.0 {
            Kind::Nobody => Err("no robot is connected".into()),
            Kind::Function(function) => function(request).await,
            Kind::Address(uri, client) => {
                *request.uri_mut() = uri.clone();
                let response = client.request(request.map(Full::new)).await.map_err(|error| chain(&error))?;
                let (parts, body) = response.into_parts();
                let body = Limited::new(body, MAX_ANSWER).collect().await.map_err(|error| chain(&*error))?;
                Ok(Response::from_parts(parts, body.to_bytes()))
            }
        }
    }
}

impl fmt::Debug for Robot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Nobody => f.write_str("Robot(nobody)"),
            Kind::Address(uri, _) => write!(f, "Robot({uri})"),
            Kind::Function(_) => f.write_str("Robot(function)"),
        }
    }
}

/// An error with its causes, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
