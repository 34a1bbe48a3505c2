//! What is asked of Kubernetes: the requests are `kube`'s, their addresses `k8s-openapi`'s (tools.md 9).

use http::{HeaderValue, Request, header::AUTHORIZATION};
use k8s_openapi::{api::core::v1::Service, apimachinery::pkg::apis::meta::v1::ListMeta};
use kube::{
    Resource,
    core::{
        params::{DeleteParams, GetParams, ListParams, Patch, PatchParams, PostParams, Preconditions},
        request,
        subresource::LogParams,
    },
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;

use super::{
    Kubernetes,
    target::{Kind, Target},
    types::{Autoscaler, Controller, ControllerRevision, Event, Metadata, Node, Pod, ReplicaSet, Served},
    workload::{Workload, annotation, is_owned},
};
use crate::{
    dispatch::Ctx,
    reply::Reply,
    systems::{api::Call, failure::Failure, log::whole_lines},
};

/// How much of an answer is read: a page of pods, each with all that it is made of.
const LIMIT: usize = 8 * 1024 * 1024;
/// How many of a kind are asked for at once, and how often.
const PAGE: u32 = 250;
/// A page of fewer is not made smaller.
const LEAST: u32 = 50;
const PAGES: usize = 40;
/// How many of a kind are kept at most.
const MOST: usize = 1000;
/// How much of a log's end is read.
const LOG: usize = 512 * 1024;
/// Who changes things, to Kubernetes.
const MANAGER: &str = "dingops";

/// A cluster, asked by a command.
pub(super) struct Client<'c> {
    k8s: &'c Kubernetes,
    acts_as: Option<ActsAs>,
    ctx: &'c Ctx,
}

/// With whose rights a request is made, where not with the bot's.
#[derive(Debug, Clone)]
pub(super) struct ActsAs {
    pub(super) user: HeaderValue,
    pub(super) group: HeaderValue,
}

/// Some of a kind.
#[derive(Debug)]
pub(super) struct Listed<T> {
    pub(super) items: Vec<T>,
    /// How many more there are that were not asked for.
    pub(super) more: usize,
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default)]
    metadata: ListMeta,
    items: Option<Vec<T>>,
}

/// How a list is narrowed.
#[derive(Debug, Default, Clone)]
pub(super) struct By<'b> {
    /// None for all namespaces, and for what is in none.
    pub(super) namespace: Option<&'b str>,
    pub(super) labels: Option<&'b str>,
    pub(super) fields: Option<String>,
}

impl<'c> Client<'c> {
    pub(super) fn new(k8s: &'c Kubernetes, acts_as: Option<ActsAs>, ctx: &'c Ctx) -> Self {
        Self { k8s, acts_as, ctx }
    }

    /// What it is called in a sentence.
    pub(super) fn title(&self) -> &str {
        self.k8s.api.title()
    }

    /// A title or a line, with which cluster it is said of where that was given a name.
    pub(super) fn named(&self, title: String) -> String {
        self.k8s.api.named(title)
    }

    /// A reply with this title, and the page for people where there is one.
    pub(super) fn reply(&self, title: String) -> Reply {
        let reply = Reply::new(self.named(title));
        match self.page() {
            Some(page) => reply.link(self.ctx.locale.say("k8s.open", &[]), page),
            None => reply,
        }
    }

    /// A page of it for people, where there is one.
    pub(super) fn page(&self) -> Option<&str> {
        self.k8s.web.as_ref().map(url::Url::as_str)
    }

    /// Its version.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let request = Request::get("/version").body(Vec::new()).map_err(request::Error::BuildRequest);
        Ok(self.ask::<Version>(request).await?.git_version)
    }

    /// Some of a kind, in the order of their names.
    pub(super) async fn list<K: Served>(&self, by: &By<'_>) -> Result<Listed<K>, Failure> {
        self.list_of(by, |_| true).await
    }

    /// The same of those that are meant, which are looked for among more.
    pub(super) async fn list_of<K: Served>(
        &self,
        by: &By<'_>,
        is_meant: impl Fn(&K) -> bool,
    ) -> Result<Listed<K>, Failure> {
        self.listed(K::path(by.namespace), by, is_meant).await
    }

    async fn listed<K: DeserializeOwned>(
        &self,
        path: String,
        by: &By<'_>,
        is_meant: impl Fn(&K) -> bool,
    ) -> Result<Listed<K>, Failure> {
        let path = request::Request::new(path);
        let mut params = ListParams::default().limit(PAGE);
        (params.label_selector, params.field_selector) = (by.labels.map(str::to_owned), by.fields.clone());
        let mut items = Vec::new();
        for _ in 0..PAGES {
            let page: List<K> = match (self.ask(path.list(&params)).await, params.limit) {
                (Ok(page), _) => page,
                // Each may be large.
                (Err(Failure::TooLong { .. }), Some(limit @ LEAST..)) => {
                    params.limit = Some(limit / 5);
                    continue;
                }
                (Err(failure), _) if params.continue_token.is_some() => {
                    tracing::warn!(?failure, "a list came in part");
                    return Ok(Listed { items, more: 1 });
                }
                (Err(failure), _) => return Err(failure),
            };
            items.extend(page.items.into_iter().flatten().filter(&is_meant));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                None => return Ok(Listed { items, more: 0 }),
                Some(token) => params.continue_token = Some(token),
            }
            // Where labels narrow it, nobody counts what is left.
            let more = page.metadata.remaining_item_count.and_then(|count| usize::try_from(count).ok());
            if items.len() >= MOST {
                return Ok(Listed { items, more: more.unwrap_or(1) });
            }
        }
        Ok(Listed { items, more: 1 })
    }

    async fn get<K: DeserializeOwned>(&self, path: String, name: &str) -> Result<K, Failure> {
        self.ask(request::Request::new(path).get(name, &GetParams::default())).await
    }

    pub(super) async fn pod(&self, namespace: &str, name: &str) -> Result<Pod, Failure> {
        self.get(Pod::path(Some(namespace)), name).await
    }

    /// Whether there is a service of this name.
    pub(super) async fn service(&self, namespace: &str, name: &str) -> Result<(), Failure> {
        self.get::<IgnoredAny>(Service::url_path(&(), Some(namespace)), name).await.map(|_| ())
    }

    pub(super) async fn node(&self, name: &str) -> Result<Node, Failure> {
        self.get(Node::path(None), name).await
    }

    /// A workload. A pod is none.
    pub(super) async fn workload(&self, namespace: &str, target: &Target) -> Result<Workload, Failure> {
        let path = Workload::path(target.kind, Some(namespace));
        Ok(Workload::new(target.kind, self.get(path, &target.name).await?))
    }

    /// The workloads of a kind.
    pub(super) async fn workloads(
        &self,
        kind: Kind,
        by: &By<'_>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<Listed<Workload>, Failure> {
        let is_meant = |it: &Controller| it.metadata.name.as_deref().is_some_and(&is_meant);
        let Listed { items, more } = self.listed(Workload::path(kind, by.namespace), by, is_meant).await?;
        Ok(Listed { items: items.into_iter().map(|it| Workload::new(kind, it)).collect(), more })
    }

    /// The pods of a workload.
    pub(super) async fn pods_of(&self, namespace: &str, workload: &Workload) -> Result<Vec<Pod>, Failure> {
        let Some(selector) = workload.selector() else { return Ok(Vec::new()) };
        let by = By { namespace: Some(namespace), labels: Some(&selector), ..By::default() };
        let pods = self.list::<Pod>(&by).await?.items.into_iter();
        // Labels of two workloads may be the same by mistake.
        let sets: Vec<Metadata> = match workload.kind {
            Kind::Deployment => {
                let sets = self.replica_sets(namespace, workload).await?;
                sets.into_iter().map(|set| set.metadata).collect()
            }
            _ => vec![workload.metadata().clone()],
        };
        Ok(pods.filter(|pod| sets.iter().any(|set| is_owned(&pod.metadata, set))).collect())
    }

    /// The replica sets of a deployment, one for each revision, the newest first.
    pub(super) async fn replica_sets(
        &self,
        namespace: &str,
        workload: &Workload,
    ) -> Result<Vec<ReplicaSet>, Failure> {
        let selector = workload.selector();
        let by = By { namespace: Some(namespace), labels: selector.as_deref(), ..By::default() };
        let mut sets = self.list::<ReplicaSet>(&by).await?.items;
        sets.retain(|set| is_owned(&set.metadata, workload.metadata()));
        sets.sort_by_key(|set| std::cmp::Reverse(revision_of(set)));
        Ok(sets)
    }

    /// The revisions of a stateful or daemon set, the newest first.
    pub(super) async fn revisions(
        &self,
        namespace: &str,
        workload: &Workload,
    ) -> Result<Vec<ControllerRevision>, Failure> {
        let selector = workload.selector();
        let by = By { namespace: Some(namespace), labels: selector.as_deref(), ..By::default() };
        let mut revisions = self.list::<ControllerRevision>(&by).await?.items;
        revisions.retain(|revision| is_owned(&revision.metadata, workload.metadata()));
        revisions.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
        Ok(revisions)
    }

    /// The template of a workload's pods as it is now, with all that is in it.
    pub(super) async fn template_now(&self, namespace: &str, target: &Target) -> Result<Value, Failure> {
        let mut whole: Value = self.get(Workload::path(target.kind, Some(namespace)), &target.name).await?;
        Ok(whole.pointer_mut("/spec/template").map(Value::take).unwrap_or_default())
    }

    /// What happened lately, the newest first; to one thing, where one is named.
    pub(super) async fn events(
        &self,
        by: &By<'_>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<Listed<Event>, Failure> {
        let is_meant = |it: &Event| it.involved_object.name.as_deref().is_some_and(&is_meant);
        let mut listed = self.list_of::<Event>(by, is_meant).await?;
        listed.items.sort_by_key(|event| std::cmp::Reverse(super::health::happened(event)));
        Ok(listed)
    }

    /// What scales things by itself.
    pub(super) async fn autoscalers(
        &self,
        by: &By<'_>,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<Listed<Autoscaler>, Failure> {
        self.list_of(by, |it: &Autoscaler| it.metadata.name.as_deref().is_some_and(&is_meant)).await
    }

    /// The end of a container's log.
    pub(super) async fn log(
        &self,
        namespace: &str,
        pod: &str,
        container: Option<&str>,
        previous: bool,
        lines: i64,
    ) -> Result<String, Failure> {
        let path = request::Request::new(Pod::path(Some(namespace)));
        let container = container.map(str::to_owned);
        // `limitBytes` would cut the end, which is what is wanted.
        let params = LogParams { container, previous, tail_lines: Some(lines), ..LogParams::default() };
        // A program may write what is no UTF-8.
        let text = self.call(path.logs(pod, &params)).await?.bytes().await?;
        let text = String::from_utf8_lossy(&text);
        Ok(match text.len().saturating_sub(LOG) {
            0 => text.into_owned(),
            from => whole_lines(&text[text.ceil_char_boundary(from)..]).to_owned(),
        })
    }

    /// Changes a workload: lists of its containers are merged by their names.
    pub(super) async fn patch(
        &self,
        namespace: &str,
        target: &Target,
        patch: Value,
    ) -> Result<Workload, Failure> {
        let path = Workload::path(target.kind, Some(namespace));
        Ok(Workload::new(target.kind, self.patched(path, &target.name, patch).await?))
    }

    pub(super) async fn patch_node(&self, name: &str, patch: Value) -> Result<Node, Failure> {
        self.patched(Node::path(None), name, patch).await
    }

    async fn patched<K: DeserializeOwned>(
        &self,
        path: String,
        name: &str,
        patch: Value,
    ) -> Result<K, Failure> {
        let params = PatchParams { field_manager: Some(MANAGER.to_owned()), ..PatchParams::default() };
        self.ask(request::Request::new(path).patch(name, &params, &Patch::Strategic(patch))).await
    }

    /// Puts something of a kind there that is not there yet.
    pub(super) async fn create<K>(&self, namespace: &str, object: &Value) -> Result<(), Failure>
    where
        K: Resource<DynamicType = ()>,
    {
        let path = request::Request::new(K::url_path(&(), Some(namespace)));
        let params = PostParams { field_manager: Some(MANAGER.to_owned()), ..PostParams::default() };
        self.done(path.create(&params, object.to_string().into_bytes())).await
    }

    /// Deletes a pod, if it is still this one.
    pub(super) async fn delete_pod(&self, namespace: &str, pod: &Metadata) -> Result<(), Failure> {
        let path = request::Request::new(Pod::path(Some(namespace)));
        let preconditions = Preconditions { uid: pod.uid.clone(), resource_version: None };
        let params = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
        self.done(path.delete(pod.name.as_deref().unwrap_or_default(), &params)).await
    }

    /// Has something done whose answer tells no more than that it was: the object, or a `Status`. One that says
    /// otherwise in a 200 leaves open what came of it.
    async fn done(&self, request: Result<Request<Vec<u8>>, request::Error>) -> Result<(), Failure> {
        #[derive(Deserialize)]
        struct Done {
            #[serde(default)]
            status: Value,
        }
        match self.ask::<Done>(request).await?.status.as_str() {
            Some("Failure") => Err(Failure::Malformed { system: self.title().to_owned() }),
            _ => Ok(()),
        }
    }

    /// An answer of this form.
    async fn ask<T: DeserializeOwned>(
        &self,
        request: Result<Request<Vec<u8>>, request::Error>,
    ) -> Result<T, Failure> {
        self.call(request).await?.json().await
    }

    /// A request of the crate's, sent as those of all systems are.
    async fn call(&self, request: Result<Request<Vec<u8>>, request::Error>) -> Result<Call<'_>, Failure> {
        let unreachable = |_| Failure::Unreachable { system: self.title().to_owned() };
        let mut request = request.map_err(unreachable)?;
        let headers = request.headers_mut();
        if let Some(ActsAs { user, group }) = &self.acts_as {
            headers.insert("impersonate-user", user.clone());
            headers.insert("impersonate-group", group.clone());
        }
        if let Some(token) = self.k8s.token.header(self.ctx).await? {
            headers.insert(AUTHORIZATION, token);
        }
        Ok(self.k8s.api.pass(self.ctx, request).limit(LIMIT))
    }
}

/// The revision that a replica set is of.
pub(super) fn revision_of(set: &ReplicaSet) -> i64 {
    let revision = annotation(&set.metadata, super::workload::REVISION);
    revision.and_then(|revision| revision.parse().ok()).unwrap_or_default()
}
