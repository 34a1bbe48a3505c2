//! Purpose: begin to run an image, and have it reached where it has a port.

use k8s_openapi::api::{apps::v1::Deployment, core::v1::Service};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Where, image, preview, rollout};
use crate::{
    dispatch::{
        Command, CommandError, Ctx, Effect, Preview, UserError,
        row::Canonical,
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
    const ALIASES: &'static [&'static str] = &["k8s create deploy", "k8s 创建", "创建工作负载"];
    const EFFECT: Effect = Effect::Write;
    const ARGUMENTS: &'static [&'static str] =
        &["name", "image", "replicas", "port", "env", "namespace", "on"];
    const CANONICAL: &'static [(&'static str, Canonical)] = &[target::NAMESPACE];
    const SECRET: &'static [&'static str] = &["env"];
    const EXAMPLES: &'static [&'static str] =
        &["k8s create deployment hello --image registry.example.com/hello:1.0 --port 8080 -n dev"];

    fn resolve(&mut self, ctx: &Ctx) -> Result<(), UserError> {
        self.at.resolve(ctx)?;
        // A service's name is also one of DNS: no digit begins it.
        if self.port.is_some() && !self.name.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(UserError(ctx.locale.say("k8s.service_name", &[("name", &self.name)])));
        }
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
        let created = client.create::<Deployment>(namespace, &self.deployment(ctx)).await;
        if let Err(failure) = created {
            return Err(match failure.status() {
                // A conflict may be another one: about a quota.
                Some(409) => match self.check(&client, ctx).await {
                    Ok(()) => failure.tell(ctx),
                    Err(taken) => taken,
                },
                _ => failure.tell_of_write(look, ctx),
            });
        }
        let title = ctx.locale.say("k8s.created", &[("name", &self.name), ("namespace", &namespace)]);
        let mut reply = client.reply(title);
        if let Some(service) = self.service(ctx) {
            reply = match client.create::<Service>(namespace, &service).await {
                Ok(()) => reply.fields([(
                    ctx.locale.say("k8s.address", &[]),
                    format!("{}.{namespace}.svc:{}", self.name, self.port.unwrap_or_default()),
                )]),
                // The deployment is there all the same.
                Err(failure) => {
                    let why = failure.sentence(ctx);
                    let values: [(&str, &dyn std::fmt::Display); 2] = [("why", &why), ("name", &self.name)];
                    reply.note(match failure.may_have_happened() {
                        true => ctx.locale.say("k8s.service_unknown", &values),
                        false => ctx.locale.say("k8s.no_service", &values),
                    })
                }
            };
        }
        Ok(reply.action(ctx.locale.say("k8s.do_status", &[]), look))
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

    fn metadata(&self, ctx: &Ctx) -> Value {
        let labels = json!({ "app": self.name });
        json!({ "name": self.name, "labels": labels, "annotations": super::asked_by(ctx) })
    }

    fn deployment(&self, ctx: &Ctx) -> Value {
        let labels = json!({ "app": self.name });
        let env: Vec<Value> =
            self.env.iter().map(|pair| json!({ "name": pair.key, "value": pair.value })).collect();
        let ports: Vec<Value> = self.port.iter().map(|port| json!({ "containerPort": port })).collect();
        let container = json!({ "name": self.name, "image": self.image, "ports": ports, "env": env });
        json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": self.metadata(ctx),
            "spec": {
                "replicas": self.replicas,
                "selector": { "matchLabels": labels },
                "template": { "metadata": { "labels": labels }, "spec": { "containers": [container] } },
            },
        })
    }

    fn service(&self, ctx: &Ctx) -> Option<Value> {
        let port = self.port?;
        Some(json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": self.metadata(ctx),
            "spec": { "selector": { "app": self.name }, "ports": [{ "port": port, "targetPort": port }] },
        }))
    }
}
