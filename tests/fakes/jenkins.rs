//! A Jenkins with jobs, a queue and builds that go on whenever somebody looks.

use std::collections::BTreeMap;

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Asked, World};

/// What a bot signs in with.
pub const USER: &str = "bot";
pub const TOKEN: &str = "11fixture00000000000000000000000000";

pub struct Jenkins {
    pub jobs: BTreeMap<String, Job>,
    pub queue: Vec<Waiting>,
    /// Looks at the queue before a build begins.
    pub queued_for: u32,
    /// Whether it answers what builds wait for.
    pub tells_inputs: bool,
    next_item: u64,
    /// Milliseconds since 1970.
    now: fn() -> i64,
}

#[derive(Default)]
pub struct Job {
    pub parameters: Vec<Value>,
    pub builds: Vec<Build>,
    pub disabled: bool,
    /// Looks at a build before it is over.
    pub runs_for: u32,
    /// How its builds end.
    pub ends: &'static str,
    /// The question that its builds stop at.
    pub asks: Option<&'static str>,
    /// What that question asks for, and who alone may answer it.
    pub asks_for: Vec<Value>,
    pub submitter: Option<&'static str>,
}

pub struct Waiting {
    pub id: u64,
    pub job: String,
    pub parameters: Vec<(String, String)>,
    pub looks: u32,
    pub number: Option<u64>,
}

#[derive(Clone, Default)]
pub struct Build {
    pub parameters: Vec<(String, String)>,
    pub description: String,
    pub looks_left: u32,
    pub result: Option<String>,
    pub input: Option<String>,
    pub approvals: u32,
    pub began: i64,
    pub log: String,
}

/// As Jenkins describes a parameter.
pub fn parameter(kind: &str, name: &str, default: Value, choices: &[&str]) -> Value {
    let mut parameter = json!({
        "_class": format!("hudson.model.{kind}"), "type": kind, "name": name, "description": "",
        "defaultParameterValue": { "name": name, "value": default },
    });
    if !choices.is_empty() {
        parameter["choices"] = json!(choices);
    }
    parameter
}

impl Jenkins {
    /// Some teams' jobs.
    pub fn new(now: fn() -> i64) -> Self {
        let web = Job {
            parameters: vec![
                parameter("ChoiceParameterDefinition", "ENV", json!("staging"), &["staging", "prod"]),
                parameter("StringParameterDefinition", "BRANCH", json!("main"), &[]),
                parameter("BooleanParameterDefinition", "DEBUG", json!(false), &[]),
            ],
            runs_for: 2,
            ends: "SUCCESS",
            builds: vec![Build {
                parameters: vec![("ENV".into(), "prod".into()), ("BRANCH".into(), "v1.4.2".into())],
                result: Some("FAILURE".into()),
                began: now() - 3_600_000,
                log: "Started by user bob\r\n+ make deploy\r\nDB_PASSWORD=hunter2hunter2\r\n\
                      \u{1b}[31mERROR\u{1b}[0m: image not found\r\nFinished: FAILURE\r\n"
                    .into(),
                ..Build::default()
            }],
            ..Job::default()
        };
        let release =
            Job { asks: Some("Release to production?"), runs_for: 1, ends: "SUCCESS", ..Job::default() };
        let api = Job { ends: "FAILURE", runs_for: 1, ..Job::default() };
        let branch = Job { ends: "SUCCESS", ..Job::default() };
        let old = Job { disabled: true, ..Job::default() };
        let secret = Job {
            parameters: vec![parameter("PasswordParameterDefinition", "KEY", Value::Null, &[])],
            ends: "SUCCESS",
            ..Job::default()
        };
        let jobs = [
            ("team/web", web),
            ("team/api", api),
            ("team/release", release),
            ("team/search/feature%2Fx", branch),
            ("team/secret", secret),
            ("old", old),
        ];
        let jobs = jobs.into_iter().map(|(name, job)| (name.to_owned(), job)).collect();
        Self { jobs, queue: Vec::new(), queued_for: 0, tells_inputs: true, next_item: 900, now }
    }

    /// A build of a job, by its number.
    pub fn build(&self, job: &str, number: usize) -> Option<&Build> {
        self.jobs.get(job)?.builds.get(number.checked_sub(1)?)
    }

    fn folder(&self, folder: &str) -> Option<Vec<Value>> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut found: BTreeMap<String, Value> = BTreeMap::new();
        for (name, job) in &self.jobs {
            let Some(rest) = name.strip_prefix(&prefix) else { continue };
            let (first, is_folder) = rest.split_once('/').map_or((rest, false), |(first, _)| (first, true));
            let item = match is_folder {
                true => json!({ "_class": "com.cloudbees.hudson.plugins.folder.Folder", "name": first,
                                "jobs": self.folder(&format!("{prefix}{first}")) }),
                false => json!({ "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob", "name": first,
                                 "fullName": name, "color": job.color() }),
            };
            found.insert(first.to_owned(), item);
        }
        (!found.is_empty() || folder.is_empty()).then(|| found.into_values().collect())
    }

    fn described(&self, name: &str) -> Option<Value> {
        let Some(job) = self.jobs.get(name) else {
            let jobs = self.folder(name).filter(|_| !name.is_empty())?;
            return Some(json!({ "fullName": name, "jobs": jobs }));
        };
        let waits = self.queue.iter().find(|item| item.job == name && item.number.is_none());
        Some(json!({
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
            "fullName": name,
            "buildable": !job.disabled,
            "nextBuildNumber": job.builds.len() + 1,
            "queueItem": waits.map(|item| json!({ "id": item.id, "why": "Waiting for next available executor" })),
            "property": if job.parameters.is_empty() { json!([{}]) } else {
                json!([{}, { "_class": "hudson.model.ParametersDefinitionProperty",
                             "parameterDefinitions": job.parameters }])
            },
        }))
    }

    fn of_job(&mut self, name: &str, rest: &[&str], asked: &Asked) -> Option<Answer> {
        let is_post = asked.method == Method::POST;
        match rest {
            [_, "input", "api", "json"] if !self.tells_inputs => Some(Answer::page(500, "Oops")),
            ["api", "json"] => self.described(name).map(|job| Answer::json(200, &job)),
            ["build" | "buildWithParameters"] if is_post => self.start(name, rest[0], asked),
            [number, rest @ ..] => {
                let job = self.jobs.get_mut(name)?;
                let number = match *number {
                    "lastBuild" => job.builds.len(),
                    number => number.parse().ok()?,
                };
                let (runs_for, ends) = (job.runs_for, job.ends);
                let build = job.builds.get_mut(number.checked_sub(1)?)?;
                match rest {
                    ["input", "api", "json"] => {
                        let message = build.input.as_ref()?;
                        let shown: String = message.chars().take(32).chain("...".chars()).collect();
                        Some(Answer::json(
                            200,
                            &json!({ "executions": [{
                            "id": "Ok", "displayName": shown, "settled": false,
                            "input": { "message": message, "submitter": job.submitter, "parameters": job.asks_for },
                        }] }),
                        ))
                    }
                    ["input", "Ok", "proceedEmpty"] if job.submitter.is_some_and(|who| who != USER) => {
                        Some(Answer::page(400, "You need to be somebody else"))
                    }
                    _ => build.of(number, rest, asked, runs_for, ends),
                }
            }
            [] => None,
        }
    }

    fn start(&mut self, name: &str, how: &str, asked: &Asked) -> Option<Answer> {
        let job = self.jobs.get(name)?;
        if job.disabled {
            return Some(Answer::page(409, "is not buildable"));
        }
        if how == "buildWithParameters" && job.parameters.is_empty() {
            return Some(Answer::page(400, "is not parameterized"));
        }
        let parameters = asked.form();
        // The address that Jenkins thinks it has is not the one that it was asked at.
        let location = |id: u64| format!("http://jenkins.internal:8080/queue/item/{id}/");
        let same =
            |item: &&Waiting| item.job == name && item.number.is_none() && item.parameters == parameters;
        if let Some(item) = self.queue.iter().find(same) {
            return Some(Answer::text(303, "").with("location", location(item.id)));
        }
        self.next_item += 13;
        let id = self.next_item;
        let item = Waiting { id, job: name.to_owned(), parameters, looks: self.queued_for, number: None };
        self.queue.push(item);
        Some(Answer::text(201, "").with("location", location(id)))
    }

    fn item(&mut self, id: &str) -> Option<Answer> {
        let id: u64 = id.parse().ok()?;
        let item = self.queue.iter_mut().find(|item| item.id == id)?;
        if item.number.is_none() && item.looks == 0 {
            let job = self.jobs.get_mut(&item.job)?;
            job.builds.push(Build {
                parameters: item.parameters.clone(),
                looks_left: job.runs_for,
                input: job.asks.map(str::to_owned),
                began: (self.now)(),
                log: "Started by user bot\n".into(),
                ..Build::default()
            });
            item.number = Some(job.builds.len() as u64);
        }
        item.looks = item.looks.saturating_sub(1);
        let why = "In the quiet period. Expires in 3.2 sec";
        Some(match item.number {
            Some(number) => Answer::json(200, &json!({ "id": id, "executable": { "number": number } })),
            None => Answer::json(200, &json!({ "id": id, "why": why, "cancelled": false })),
        })
    }
}

impl Job {
    fn color(&self) -> String {
        if self.disabled {
            return "disabled".into();
        }
        let ended = self.builds.iter().rev().find_map(|build| build.result.as_deref());
        let color = match ended {
            Some("SUCCESS") => "blue",
            Some("FAILURE") => "red",
            Some("ABORTED") => "aborted",
            Some(_) => "yellow",
            None => "notbuilt",
        };
        let runs = self.builds.last().is_some_and(|build| build.result.is_none());
        format!("{color}{}", if runs { "_anime" } else { "" })
    }
}

impl Build {
    fn of(
        &mut self,
        number: usize,
        rest: &[&str],
        asked: &Asked,
        runs_for: u32,
        ends: &str,
    ) -> Option<Answer> {
        let is_post = asked.method == Method::POST;
        match rest {
            ["api", "json"] => {
                if self.result.is_none() && self.input.is_none() {
                    match self.looks_left {
                        0 => {
                            self.result = Some(ends.to_owned());
                            self.log.push_str(&format!("Finished: {ends}\n"));
                        }
                        _ => self.looks_left -= 1,
                    }
                }
                let parameters =
                    self.parameters.iter().map(|(name, value)| json!({ "name": name, "value": value }));
                let mut actions = vec![
                    json!({ "causes": [{ "shortDescription": "Started by user bot" }] }),
                    json!({}),
                    json!({ "parameters": parameters.collect::<Vec<_>>() }),
                ];
                let approval = "org.jenkinsci.plugins.workflow.support.steps.input.ApproverAction";
                actions.extend((0..self.approvals).map(|_| json!({ "_class": approval })));
                Some(Answer::json(
                    200,
                    &json!({
                        "number": number,
                        "building": self.result.is_none(),
                        "result": self.result,
                        "timestamp": self.began,
                        "duration": if self.result.is_some() { 73_512 } else { 0 },
                        "estimatedDuration": 80_000,
                        "description": Some(&self.description).filter(|text| !text.is_empty()),
                        "actions": actions,
                    }),
                ))
            }
            ["submitDescription"] if is_post => {
                self.description = asked.form().into_iter().find(|(name, _)| name == "description")?.1;
                Some(Answer::text(302, "").with("location", "."))
            }
            ["stop"] if is_post => {
                if self.result.is_none() {
                    self.result = Some("ABORTED".into());
                    self.input = None;
                }
                Some(
                    Answer::text(302, "").with("location", format!("http://jenkins.internal:8080/{number}/")),
                )
            }
            ["logText", "progressiveText"] => {
                let start: usize = asked.query("start")?.parse().ok()?;
                let start = if start > self.log.len() { 0 } else { start };
                let answer =
                    Answer::text(200, &self.log[start..]).with("x-text-size", self.log.len().to_string());
                Some(if self.result.is_none() { answer.with("x-more-data", "true") } else { answer })
            }
            ["input", id, verb] if is_post => {
                if self.input.is_none() {
                    return Some(Answer::page(400, "This input has been already given"));
                }
                if *id != "Ok" {
                    return None;
                }
                self.input = None;
                match *verb {
                    "abort" => self.result = Some("ABORTED".into()),
                    _ => {
                        self.looks_left = runs_for;
                        self.approvals += 1;
                    }
                }
                Some(Answer::text(200, ""))
            }
            _ => None,
        }
    }
}

impl World for Jenkins {
    fn answer(&mut self, asked: &Asked) -> Answer {
        use base64::{Engine, prelude::BASE64_STANDARD};
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{TOKEN}")));
        if asked.header("authorization") != expected {
            return Answer::page(401, "Authentication required");
        }
        let segments = asked.segments();
        let mut rest = segments.as_slice();
        let mut job = Vec::new();
        while let ["job", name, others @ ..] = rest {
            job.push(*name);
            rest = others;
        }
        let answer = match (job.as_slice(), rest) {
            ([], ["api", "json"]) => {
                let jobs = self.folder("").unwrap_or_default();
                Some(
                    Answer::json(200, &json!({ "mode": "NORMAL", "jobs": jobs }))
                        .with("x-jenkins", "2.528.1"),
                )
            }
            ([], ["queue", "item", id, "api", "json"]) => self.item(id),
            ([], _) => None,
            (job, rest) => self.of_job(&job.join("/"), rest, asked),
        };
        answer.unwrap_or_else(|| Answer::page(404, "Not Found"))
    }
}
