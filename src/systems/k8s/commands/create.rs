//! Purpose: begin to run an image, and have it reached where it has a port.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::{
        apps::v1::{Deployment, DeploymentSpec},
        core::v1::{
            Container, ContainerPort, EnvVar, PodSpec, PodTemplateSpec, Service, ServicePort, ServiceSpec,
        },
    },
    apimachinery::pkg::{
        apis::meta::v1::{LabelSelector, ObjectMeta},
        util::intstr::IntOrString,
    },
};
use serde::Serialize;

use super::{Where, image, linked, preview, rollout};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Preview, UserError,
        values::{self, KeyValue},
    },
    reply::Reply,
    systems::{
        failure::Failure,
        k8s::{
            client::Client,
            target::{self, Kind, Target},
        },
    },
};

/// Begin to run an image; with a service where it has a port
#[derive(clap::Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Create {
    /// What it is to be called
    #[arg(value_parser = target::container, required = true)]
    name: String,
    /// Which image
    #[arg(long, value_parser = image::image, required = true)]
    image: String,
    /// How many pods
    #[arg(long, short, value_parser = values::number(0..=1000), default_value = "1")]
    replicas: i64,
    /// On which port it is reached
    #[arg(long, value_parser = values::number(1..=65535))]
    port: Option<i64>,
    /// An environment variable; no secrets, which a chat would keep
    #[arg(long, value_parser = values::pair)]
    #[serde(serialize_with = "values::object")]
    env: Vec<KeyValue>,
    #[command(flatten)]
    #[serde(flatten)]
    at: Where,
}

impl Command for Create {
    const PATH: &'static [&'static str] = &["k8s", "create", "deployment"];
    const ALIASES: &'static [&'static str] = &["k8s create deploy", "k8s 创建"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] =
        &["name", "image", "replicas", "port", "env", "namespace", "on"];
    const SECRET: &'static [&'static str] = &["env"];
    const EXAMPLES: &'static [&'static str] =
        &["k8s create deployment hello --image registry.example.com/hello:1.0 --port 8080 -n dev"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)?;
        image::allowed(&self.at.on, &self.image, ctx)
    }

    async fn preview(&self, ctx: &Ctx) -> Result<Preview, CommandError> {
        let client = self.at.client(ctx)?;
        self.check(&client, ctx).await?;
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("system", &client.title()),
            ("name", &self.name),
            ("namespace", &namespace),
            ("image", &self.image),
            ("count", &self.replicas),
        ];
        let mut lines = vec![ctx.locale.say("k8s.will_create", &values)];
        if let Some(port) = self.port {
            lines.push(ctx.locale.say("k8s.will_create_service", &[("name", &self.name), ("port", &port)]));
        }
        if !self.env.is_empty() {
            let names: Vec<&str> = self.env.iter().map(|pair| pair.key.as_str()).collect();
            let names = names.join(&ctx.locale.say("usage.separator", &[]));
            lines.push(ctx.locale.say("k8s.will_set_env", &[("names", &names)]));
        }
        preview(lines, "absent".to_owned())
    }

    async fn run(self, ctx: &Ctx) -> Result<Reply, CommandError> {
        let client = self.at.client(ctx)?;
        self.check(&client, ctx).await?;
        let target = Target::new(Kind::Deployment, &self.name);
        let look = rollout::Status { workload: target, at: self.at.clone() };
        let look = ctx.line(&look);
        let namespace = self.at.namespace();
        let created = client.create(namespace, &self.deployment(ctx)).await;
        if let Err(failure) = created {
            return Err(match failure.status() {
                Some(409) => self.taken("Deployment", ctx).into(),
                _ => failure.tell_of_write(look, ctx),
            });
        }
        let title = ctx.locale.say("k8s.created", &[("name", &self.name), ("namespace", &namespace)]);
        let mut reply = Reply::new(title);
        if let Some(service) = self.service(ctx) {
            reply = match client.create(namespace, &service).await {
                Ok(()) => reply.fields([(
                    ctx.locale.say("k8s.address", &[]),
                    format!("{}.{namespace}.svc:{}", self.name, self.port.unwrap_or_default()),
                )]),
                // The deployment is there all the same.
                Err(failure) => {
                    let why = failure.sentence(ctx);
                    reply.note(ctx.locale.say("k8s.no_service", &[("why", &why)]))
                }
            };
        }
        Ok(linked(reply.action(ctx.locale.say("k8s.do_status", &[]), look), &client, ctx))
    }
}

impl Create {
    /// Whether the name is free.
    async fn check(&self, client: &Client<'_>, ctx: &Ctx) -> Result<(), CommandError> {
        let target = Target::new(Kind::Deployment, &self.name);
        let is_free = |found: Result<(), Failure>, kind: &str| match found {
            Ok(()) => Err(self.taken(kind, ctx).into()),
            Err(failure) if failure.status() == Some(404) => Ok(()),
            Err(failure) => Err(failure.tell(ctx)),
        };
        let found = client.workload(self.at.namespace(), &target).await;
        is_free(found.map(|_| ()), "Deployment")?;
        match self.port {
            Some(_) => is_free(client.service(self.at.namespace(), &self.name).await, "Service"),
            None => Ok(()),
        }
    }

    fn taken(&self, kind: &str, ctx: &Ctx) -> UserError {
        let namespace = self.at.namespace();
        let values: [(&str, &dyn std::fmt::Display); 3] =
            [("kind", &kind), ("name", &self.name), ("namespace", &namespace)];
        UserError(ctx.locale.say("k8s.is_taken", &values))
    }

    fn labels(&self) -> BTreeMap<String, String> {
        BTreeMap::from([("app".to_owned(), self.name.clone())])
    }

    fn metadata(&self, ctx: &Ctx) -> ObjectMeta {
        let who = ctx.who.staff().unwrap_or_default().to_owned();
        ObjectMeta {
            name: Some(self.name.clone()),
            labels: Some(self.labels()),
            annotations: Some(BTreeMap::from([(super::ASKED_BY.to_owned(), who)])),
            ..ObjectMeta::default()
        }
    }

    fn deployment(&self, ctx: &Ctx) -> Deployment {
        let port = |port: i64| ContainerPort {
            container_port: i32::try_from(port).unwrap_or_default(),
            ..ContainerPort::default()
        };
        let env = |pair: &KeyValue| EnvVar {
            name: pair.key.clone(),
            value: Some(pair.value.clone()),
            ..EnvVar::default()
        };
        let container = Container {
            name: self.name.clone(),
            image: Some(self.image.clone()),
            ports: self.port.map(|number| vec![port(number)]),
            env: Some(self.env.iter().map(env).collect()).filter(|env: &Vec<_>| !env.is_empty()),
            ..Container::default()
        };
        let template = PodTemplateSpec {
            metadata: Some(ObjectMeta { labels: Some(self.labels()), ..ObjectMeta::default() }),
            spec: Some(PodSpec { containers: vec![container], ..PodSpec::default() }),
        };
        let spec = DeploymentSpec {
            replicas: i32::try_from(self.replicas).ok(),
            selector: LabelSelector { match_labels: Some(self.labels()), ..LabelSelector::default() },
            template,
            ..DeploymentSpec::default()
        };
        Deployment { metadata: self.metadata(ctx), spec: Some(spec), status: None }
    }

    fn service(&self, ctx: &Ctx) -> Option<Service> {
        let port = i32::try_from(self.port?).ok()?;
        let ports =
            vec![ServicePort { port, target_port: Some(IntOrString::Int(port)), ..ServicePort::default() }];
        let spec =
            ServiceSpec { ports: Some(ports), selector: Some(self.labels()), ..ServiceSpec::default() };
        Some(Service { metadata: self.metadata(ctx), spec: Some(spec), status: None })
    }
}
