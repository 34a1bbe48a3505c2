//! Purpose: look at what runs in a Kubernetes cluster, and restart, scale, update and undo it.
//!
//! Deliberately not: Secrets and ConfigMaps (nothing here can read or list them), values of environment variables,
//! `exec`, `apply` of manifests, deleting more than one pod, and commands of kubeconfigs.
//!
//! Requests are made up by the `kube` crate and go out by the one client that all systems share (`client`): its time
//! limits, proxy, authorities and sentences are those of the others, and no connection is kept while a host is frozen.

mod cause;
mod client;
mod commands;
mod differences;
#[cfg(feature = "eks")]
mod eks;
mod health;
mod images;
mod kubeconfig;
mod target;
mod types;
mod workload;

use futures_util::FutureExt;
use http::HeaderValue;
use serde::Deserialize;

use self::images::Image;
use super::{
    Probed, System,
    api::{self, Api},
    failure::Failure,
    instance::Entry,
};
use crate::{
    config::{Mistake, Places, Spanned},
    dispatch::{Ctx, family::Family},
    text,
};

/// Kubernetes among the systems.
pub const SYSTEM: System = System {
    section: KubernetesSection::KIND,
    family: Family {
        name: "k8s",
        also: &["kubectl", "k"],
        rows: commands::ROWS,
        left_out: commands::LEFT_OUT,
    },
    off: |systems| systems.k8s.off(),
    apis: |systems| systems.k8s.apis(|k8s| &k8s.api),
    probe: |ctx| probe(ctx).boxed(),
};

/// One cluster.
#[derive(Debug, Clone)]
pub struct Kubernetes {
    api: Api,
    token: Token,
    /// Where things are looked for unless somebody says where.
    namespace: String,
    /// Images that may be put into it: globs.
    images: Vec<String>,
    /// Whether requests are made with the rights of whoever asks.
    impersonate: bool,
    /// A page for people.
    web: Option<url::Url>,
}

/// What a request says about who makes it.
#[derive(Debug, Clone)]
enum Token {
    /// Nothing: the certificate of the connection does.
    Certificate,
    /// The same every time.
    Fixed(HeaderValue),
    /// Made for each request of the credentials that the function has.
    #[cfg(feature = "eks")]
    Eks(Cluster),
}

/// A cluster of EKS.
#[derive(Debug, Clone)]
#[cfg(feature = "eks")]
struct Cluster {
    name: String,
    /// `cn-northwest-1`.
    region: String,
}

impl Token {
    /// The value of `Authorization`.
    async fn header(&self, ctx: &Ctx) -> Result<Option<HeaderValue>, Failure> {
        let _ = ctx;
        match self {
            Self::Certificate => Ok(None),
            Self::Fixed(value) => Ok(Some(value.clone())),
            #[cfg(feature = "eks")]
            Self::Eks(cluster) => {
                let refused = |error: &dyn std::error::Error| {
                    tracing::error!(%error, "there is no token of EKS");
                    Failure::Unreachable { system: "Kubernetes".to_owned() }
                };
                let token = cluster.token(ctx.clock.now()).map_err(|error| refused(&error))?;
                let mut value =
                    HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| refused(&error))?;
                value.set_sensitive(true);
                Ok(Some(value))
            }
        }
    }
}

impl Kubernetes {
    /// Whether an image may be put into it; none where nobody said which.
    fn allows(&self, image: &str) -> Option<bool> {
        let image = Image::of(image);
        let allows = self
            .images
            .iter()
            .filter_map(|glob| Image::of(glob))
            .any(|glob| image.is_some_and(|image| image.fits(&glob)));
        (!self.images.is_empty()).then_some(allows)
    }
}

/// `[[k8s]]`
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct KubernetesSection {
    /// What `--on` calls it; needed where there are several.
    name: Option<Spanned<String>>,
    /// Whether it is meant where `--on` is left out.
    #[serde(default)]
    default: bool,
    /// The address of its API server; it needs a token. Or else a kubeconfig.
    url: Option<Spanned<String>>,
    /// The token of a service account.
    token: Option<Spanned<String>>,
    /// A cluster of EKS instead of a token, in a program built with `--features eks`: signed with the function's own role.
    eks: Option<Spanned<EksSection>>,
    /// The text of a kubeconfig, "${file:kubeconfig}": its current context, with a token or a certificate in it.
    kubeconfig: Option<Spanned<String>>,
    /// The namespace that is meant where nobody says which; the kubeconfig's, or "default", where it is left out.
    namespace: Option<Spanned<String>>,
    /// Images that `set image` and `create deployment` may use, with * for any text; none where it is left out.
    #[serde(default)]
    images: Vec<Spanned<String>>,
    /// Whether requests are made with the rights of whoever asks, as dingtalk:CORP:STAFF_ID, instead of the bot's own.
    #[serde(default)]
    impersonate: bool,
    /// Its address for people, in links: a dashboard.
    web: Option<Spanned<String>>,
    /// Who vouches for it instead of the public authorities: certificates in PEM, "${file:ca.pem}".
    ca: Option<Spanned<String>>,
    /// A proxy on the way to it.
    proxy: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct EksSection {
    /// The cluster's name.
    cluster: Spanned<String>,
    /// Where it is: "cn-northwest-1".
    region: Spanned<String>,
}

impl EksSection {
    #[cfg(feature = "eks")]
    fn check(&self, _: &Spanned<Self>, places: &Places<'_>) -> Result<Token, Mistake> {
        let word = |text: &Spanned<String>| {
            let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
            let word = Some(text.get_ref()).filter(|word| !word.is_empty() && word.chars().all(fits));
            let expected = "expected a name of letters, digits, - and _";
            word.cloned().ok_or_else(|| places.unexpected(text.span(), expected, text.get_ref()))
        };
        Ok(Token::Eks(Cluster { name: word(&self.cluster)?, region: word(&self.region)? }))
    }

    #[cfg(not(feature = "eks"))]
    fn check(&self, at: &Spanned<Self>, places: &Places<'_>) -> Result<Token, Mistake> {
        let problem = format!(
            "expected a program built with `--features eks` for the cluster {} in {}, came one without",
            self.cluster.get_ref(),
            self.region.get_ref()
        );
        Err(places.mistake(at.span(), problem))
    }
}

impl Entry for KubernetesSection {
    type Settings = Kubernetes;
    const KIND: &'static str = "k8s";
    const TITLE: &'static str = "Kubernetes";

    fn name(&self) -> Option<&Spanned<String>> {
        self.name.as_ref()
    }

    fn is_default(&self) -> bool {
        self.default
    }

    fn check(self, title: String, places: &Places<'_>) -> Result<Kubernetes, Mistake> {
        let images = self.images.iter().map(|image| {
            let text = image.get_ref().as_str();
            let is_glob = Image::of(text).is_some()
                && !text.contains(|c: char| c.is_whitespace() || text::is_control(c));
            let expected = "expected an image such as \"registry.example.com/*\"";
            is_glob.then(|| text.to_owned()).ok_or_else(|| places.unexpected(image.span(), expected, text))
        });
        let images = images.collect::<Result<_, _>>()?;
        let web = self.web.as_ref().map(|web| api::address(web, places)).transpose()?;
        let (api, token, within) = match &self.kubeconfig {
            Some(text) => self.by_kubeconfig(text, title, places)?,
            None => self.by_token(title, places)?,
        };
        let namespace = match &self.namespace {
            Some(given) => target::namespace(given.get_ref()).map_err(|_| {
                places.unexpected(given.span(), "expected the name of a namespace", given.get_ref())
            })?,
            None => within.unwrap_or_else(|| "default".to_owned()),
        };
        Ok(Kubernetes { api, token, namespace, images, impersonate: self.impersonate, web })
    }
}

/// How a cluster is reached, and the namespace that this says.
type Reached = (Api, Token, Option<String>);

impl KubernetesSection {
    fn by_token(&self, title: String, places: &Places<'_>) -> Result<Reached, Mistake> {
        let missing = |key: &str| {
            let at = self.url.as_ref().or(self.token.as_ref()).or(self.name.as_ref());
            let problem = format!("expected url and token, or a kubeconfig, came none ({key})");
            places.mistake(at.map(Spanned::span).unwrap_or_default(), problem)
        };
        let url = self.url.as_ref().ok_or_else(|| missing("url"))?;
        let api = Api::new(title, url, self.ca.as_ref(), self.proxy.as_ref(), places)?;
        api.keeps_secrets(url, places)?;
        let token = match (&self.token, &self.eks) {
            (Some(token), None) => bearer(token.get_ref(), token, places)?,
            (None, Some(eks)) => eks.get_ref().check(eks, places)?,
            (None, None) => return Err(missing("token")),
            (Some(token), Some(_)) => {
                return Err(places.mistake(token.span(), "expected a token or eks, came both".into()));
            }
        };
        Ok((api, token, None))
    }

    fn by_kubeconfig(
        &self,
        text: &Spanned<String>,
        title: String,
        places: &Places<'_>,
    ) -> Result<Reached, Mistake> {
        if let Some(other) = [&self.url, &self.token, &self.ca].into_iter().flatten().next() {
            let problem = "expected nothing that stands in the kubeconfig too, came both";
            return Err(places.mistake(other.span(), problem.into()));
        }
        let read = kubeconfig::read(text.get_ref());
        let read = read.map_err(|error| places.mistake(text.span(), error.to_string()))?;
        let here = |value: String| Spanned::new(text.span(), value);
        let (server, ca, proxy) = (here(read.server), read.ca.map(here), read.proxy.map(here));
        let api = Api::new(title, &server, ca.as_ref(), self.proxy.as_ref().or(proxy.as_ref()), places)?;
        let (api, token) = match (read.token, read.identity) {
            (Some(token), _) => {
                api.keeps_secrets(text, places)?;
                (api, bearer(&token, text, places)?)
            }
            (None, Some((certificate, key))) => {
                (api.with_identity(&certificate, &key, text, places)?, Token::Certificate)
            }
            (None, None) => {
                let problem = "expected a kubeconfig whose user has a token or a certificate with its key";
                return Err(places.mistake(text.span(), format!("{problem}, came neither")));
            }
        };
        Ok((api, token, read.namespace))
    }
}

/// A token as a header; `at` is where it stands.
fn bearer(token: &str, at: &Spanned<String>, places: &Places<'_>) -> Result<Token, Mistake> {
    let token = token.trim();
    let value = HeaderValue::from_str(&format!("Bearer {token}")).ok();
    let value = value.filter(|_| !token.is_empty() && !token.contains(char::is_whitespace));
    let problem = "expected a token: letters without blanks, came something else";
    let mut value = value.ok_or_else(|| places.mistake(at.span(), problem.into()))?;
    value.set_sensitive(true);
    Ok(Token::Fixed(value))
}

/// Asks for the version, as the bot itself: nobody's rights are needed for it, and nobody in particular asks.
async fn probe(ctx: &Ctx) -> Vec<Probed> {
    let instances = &ctx.settings.systems.k8s;
    instances.probe(|k8s| async move { client::Client::new(k8s, None, ctx).version().await }).await
}
