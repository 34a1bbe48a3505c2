//! What is asked of Jenkins. Statuses and paths: tools.md 1.

use http::{StatusCode, header::LOCATION};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use url::Url;

use super::{
    Jenkins, job,
    types::{Build, Execution, Folder, Input, Inputs, Item, Job, Name, PendingInput, Question, Queued},
};
use crate::{
    dispatch::Ctx,
    outbound::{self, Answer},
    systems::{api::Call, failure::Failure, log::whole_lines},
    text,
};

/// Where a log is read from at first, and how much of its end.
const LOG: usize = 64 * 1024;
/// A page of somebody's Jenkins with more jobs than that is cut by the answer's own limit.
const JOBS: &str = "jobs[name,fullName,color,_class]";
const BUILD: &str = "number,result,building,timestamp,duration,estimatedDuration,description,\
                     actions[_class,causes[shortDescription],parameters[name,value,jobName,number]]";

/// Words of pages where one signs in, at Jenkins' own or at what stands before it.
const SIGN_IN: [&str; 6] = ["login", "signin", "securityrealm", "oauth", "saml", "sso"];

/// What it says to a password: API tokens need no crumb.
const NO_CRUMB: &str = "No valid crumb was included in the request";

/// A Jenkins, asked by a command.
pub(super) struct Client<'c> {
    jenkins: &'c Jenkins,
    ctx: &'c Ctx,
}

/// What came of asking for a build.
pub(super) enum Asked {
    /// It waits, under this number of the queue.
    Queued(u64),
    /// The same build was waiting already.
    Already,
    /// Jenkins took it and did not say as what.
    Somehow,
    /// It was told to, and queued nothing: a plugin has a veto.
    Vetoed,
}

/// The end of a log.
pub(super) struct Log {
    pub(super) text: String,
    /// Whether the build still writes to it.
    pub(super) goes_on: bool,
}

impl<'c> Client<'c> {
    pub(super) fn new(jenkins: &'c Jenkins, ctx: &'c Ctx) -> Self {
        Self { jenkins, ctx }
    }

    /// What it is called in a sentence.
    pub(super) fn title(&self) -> &str {
        self.jenkins.api.title()
    }

    /// A title or a line that names no system: which one it is said of, where there may be several.
    pub(super) fn named(&self, title: String) -> String {
        self.jenkins.api.named(title)
    }

    /// A page of it for people.
    pub(super) fn page(&self, job: Option<&str>, rest: &[&str]) -> String {
        let mut segments = job.map(job::segments).unwrap_or_default();
        segments.extend(rest.iter().map(|part| (*part).to_owned()));
        let page = outbound::address(&self.jenkins.web, &segments);
        let page = page.unwrap_or_else(|_| self.jenkins.web.clone());
        format!("{}/", page.as_str().trim_end_matches('/'))
    }

    /// Its version.
    pub(super) async fn version(&self) -> Result<String, Failure> {
        let call = self.jenkins.api.get(self.ctx, &["api", "json"]).query([("tree", "mode")]);
        let answer = call.send(&[]).await?;
        let version = answer.headers.get("x-jenkins").and_then(|version| version.to_str().ok());
        Ok(version.unwrap_or_default().to_owned())
    }

    /// What is in a folder, or at the top; none where it is a job.
    pub(super) async fn jobs(&self, folder: Option<&str>) -> Result<Option<Vec<Item>>, Failure> {
        self.listed(folder, JOBS).await
    }

    /// The names of what is in a folder, or at the top, and one level below; nothing where it is a job.
    pub(super) async fn names(&self, folder: Option<&str>) -> Result<Vec<Name>, Failure> {
        Ok(self.listed(folder, "jobs[name,jobs[name]]").await?.unwrap_or_default())
    }

    async fn listed<I: DeserializeOwned>(
        &self,
        folder: Option<&str>,
        tree: &str,
    ) -> Result<Option<Vec<I>>, Failure> {
        let segments = folder.map_or_else(Vec::new, job::segments);
        let segments: Vec<String> = segments.into_iter().chain(["api", "json"].map(str::to_owned)).collect();
        let call = self.jenkins.api.get(self.ctx, &segments).query([("tree", tree)]);
        Ok(call.json::<Folder<I>>().await?.jobs)
    }

    pub(super) async fn job(&self, job: &str) -> Result<Job, Failure> {
        let tree = "fullName,buildable,nextBuildNumber,queueItem[id,why],\
                    property[parameterDefinitions[name,type,choices,\
                    defaultParameterValue[value,jobName,number]]]";
        self.get(job, &["api", "json"]).query([("tree", tree)]).json().await
    }

    /// A build of a job; the last without a number.
    pub(super) async fn build(&self, job: &str, number: Option<u64>) -> Result<Build, Failure> {
        let number = number.map_or_else(|| "lastBuild".to_owned(), |number| number.to_string());
        self.get(job, &[&number, "api", "json"]).query([("tree", BUILD)]).json().await
    }

    /// Asks for a build.
    pub(super) async fn start(
        &self,
        job: &str,
        is_parameterized: bool,
        parameters: &[(&str, &str)],
    ) -> Result<Asked, Failure> {
        let call = match is_parameterized {
            false => self.post(job, &["build"]).query([("delay", "0sec")]),
            true => {
                let call = self.post(job, &["buildWithParameters"]);
                call.query([("delay", "0sec")]).form(parameters.iter().copied())
            }
        };
        let answer = self.redirected(job, call).await?;
        Ok(match location(&answer).and_then(queue_id) {
            // To what was waiting already.
            Some(_) if answer.status.is_redirection() => Asked::Already,
            Some(id) => Asked::Queued(id),
            None if answer.status.is_redirection() => Asked::Vetoed,
            None => Asked::Somehow,
        })
    }

    /// What became of a build that waited; none once Jenkins forgot, about five minutes after it began.
    pub(super) async fn queued(&self, id: u64) -> Result<Option<Queued>, Failure> {
        let call = self.jenkins.api.get(self.ctx, &["queue", "item", &id.to_string(), "api", "json"]);
        match call.query([("tree", "id,why,cancelled,executable[number]")]).json().await {
            Ok(queued) => Ok(Some(queued)),
            Err(failure) if failure.status() == Some(404) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Says on a build's page who asked for it.
    pub(super) async fn describe(&self, job: &str, number: u64, text: &str) -> Result<(), Failure> {
        let call = self.post(job, &[&number.to_string(), "submitDescription"]);
        self.redirected(job, call.form([("description", text)])).await.map(|_| ())
    }

    /// Stops a build.
    pub(super) async fn stop(&self, job: &str, number: u64) -> Result<(), Failure> {
        let call = self.post(job, &[&number.to_string(), "stop"]);
        self.redirected(job, call).await.map(|_| ())
    }

    /// The steps of a build that wait for somebody.
    pub(super) async fn inputs(&self, job: &str, number: u64) -> Result<Vec<Input>, Failure> {
        let number = number.to_string();
        let tree = "executions[id,displayName,settled,input[message,submitter,parameters[name]]]";
        let listed = self.get(job, &[&number, "input", "api", "json"]).query([("tree", tree)]);
        let waits = match listed.json::<Inputs>().await {
            Ok(inputs) => inputs.executions.into_iter().filter(|execution| !execution.settled),
            // Nothing waits, or the plugin is older than this list.
            Err(failure) if failure.status() == Some(404) => {
                return self.pending(job, &number).await;
            }
            Err(failure) => return Err(failure),
        };
        let waits: Vec<Execution> = waits.collect();
        // Where this list does not tell whether values are asked for, the other one does.
        let is_told = waits.iter().all(|execution| execution.input.is_some());
        let pending = if is_told { Vec::new() } else { self.pending(job, &number).await? };
        let asks = |id: &str| pending.iter().any(|input| input.id == id && input.has_parameters);
        let input = |Execution { id, display_name, input, .. }| match input {
            Some(Question { message, submitter, parameters }) => {
                Input { submitter, ..Input::new(id, message.or(display_name), !parameters.is_empty()) }
            }
            None => {
                let has_parameters = asks(&id);
                Input::new(id, display_name, has_parameters)
            }
        };
        Ok(waits.into_iter().map(input).collect())
    }

    async fn pending(&self, job: &str, number: &str) -> Result<Vec<Input>, Failure> {
        let call = self.get(job, &[number, "wfapi", "pendingInputActions"]);
        let pending: Vec<PendingInput> = match call.json().await {
            Err(failure) if failure.status() == Some(404) => Vec::new(),
            pending => pending?,
        };
        let input = |PendingInput { id, message, inputs }| Input::new(id, message, !inputs.is_empty());
        Ok(pending.into_iter().map(input).collect())
    }

    /// Lets a step go on, or ends its build.
    pub(super) async fn settle(
        &self,
        job: &str,
        number: u64,
        input: &str,
        goes_on: bool,
    ) -> Result<(), Failure> {
        let verb = if goes_on { "proceedEmpty" } else { "abort" };
        let call = self.post(job, &[&number.to_string(), "input", input, verb]);
        self.redirected(job, call).await.map(|_| ())
    }

    /// The end of a build's log.
    pub(super) async fn log(&self, job: &str, number: u64) -> Result<Log, Failure> {
        let number = number.to_string();
        let from = |start: u64| {
            let call = self.get(job, &[&number, "logText", "progressiveText"]);
            call.query([("start", start.to_string())]).limit(LOG + LOG / 4)
        };
        let first = from(0).send(&[]).await?;
        let header = |name: &str| first.headers.get(name)?.to_str().ok();
        let size: Option<u64> = header("x-text-size").and_then(|size| size.parse().ok());
        let goes_on = header("x-more-data") == Some("true");
        let too_long = |error| Failure::from_outbound(error, self.title());
        let text = match (first.body, size) {
            (Ok(body), _) => String::from_utf8_lossy(&body).into_owned(),
            // It is longer than is read: the end is asked for.
            (Err(_), Some(size)) => {
                let start = size.saturating_sub(u64::try_from(LOG).unwrap_or(u64::MAX));
                let rest = from(start).send(&[]).await?.body.map_err(too_long)?;
                whole_lines(&String::from_utf8_lossy(&rest)).to_owned()
            }
            (Err(error), None) => return Err(too_long(error)),
        };
        Ok(Log { text, goes_on })
    }

    /// Sends what Jenkins answers with a page to go to; one to sign in at means that nothing was done.
    async fn redirected(&self, job: &str, call: Call<'_>) -> Result<Answer, Failure> {
        let answer = call.send(&[StatusCode::FOUND, StatusCode::SEE_OTHER, StatusCode::FORBIDDEN]).await?;
        if answer.status == StatusCode::FORBIDDEN {
            return Err(self.forbidden(&answer));
        }
        if !answer.status.is_redirection() {
            return Ok(answer);
        }
        let page = format!("/job/{}/", job::parts(job).1).to_lowercase();
        let to = location(&answer).map(|to| percent_decode_str(to).decode_utf8_lossy().to_lowercase());
        let to = to.unwrap_or_default();
        // What Jenkins itself is called says nothing.
        let own = [self.jenkins.api.url(), &self.jenkins.web].map(|url| url.origin().ascii_serialization());
        let to = own.iter().find_map(|own| to.strip_prefix(own)).unwrap_or(&to);
        // Where one signs in, the page to come back to stands behind the question mark.
        let path = format!("{}/", to.split(['?', '#']).next().unwrap_or_default());
        let is_known = path.contains(&page) || queue_id(to).is_some();
        let asks = !is_known && SIGN_IN.iter().any(|word| to.contains(word));
        let (system, status) = (self.title().to_owned(), answer.status);
        let refused = || Failure::Refused { system, status, message: String::new(), retry: None };
        if asks { Err(refused()) } else { Ok(answer) }
    }

    /// What is missing stands in a header, and in the page where a password took the place of an API token.
    fn forbidden(&self, answer: &Answer) -> Failure {
        let page = String::from_utf8_lossy(answer.body.as_deref().unwrap_or_default());
        let permission = answer.headers.get("x-required-permission").and_then(|name| name.to_str().ok());
        let message = if page.contains(NO_CRUMB) { NO_CRUMB } else { permission.unwrap_or_default() };
        tracing::warn!(system = self.title(), message, "a system refused");
        let (system, status) = (self.title().to_owned(), answer.status);
        Failure::Refused { system, status, message: text::cut(message, 100), retry: None }
    }

    fn get(&self, job: &str, rest: &[&str]) -> Call<'c> {
        self.jenkins.api.get(self.ctx, &below(job, rest))
    }

    fn post(&self, job: &str, rest: &[&str]) -> Call<'c> {
        self.jenkins.api.post(self.ctx, &below(job, rest))
    }
}

fn below(job: &str, rest: &[&str]) -> Vec<String> {
    job::segments(job).into_iter().chain(rest.iter().map(|part| (*part).to_owned())).collect()
}

/// Where an answer leads to. Its host may be another behind a proxy.
fn location(answer: &Answer) -> Option<&str> {
    answer.headers.get(LOCATION)?.to_str().ok()
}

/// The number in `…/queue/item/913/`.
fn queue_id(location: &str) -> Option<u64> {
    let location = location.split(['?', '#']).next()?;
    let mut parts = location.trim_end_matches('/').rsplit('/');
    let id = parts.next()?.parse().ok()?;
    (parts.next() == Some("item") && parts.next() == Some("queue")).then_some(id)
}

impl Jenkins {
    /// What follows its address in a page of it; none for a page of another host.
    pub(super) fn path_of<'u>(&self, page: &'u Url) -> Option<Vec<&'u str>> {
        let is_below = |base: &&Url| {
            (base.scheme(), base.host_str(), base.port()) == (page.scheme(), page.host_str(), page.port())
                && page.path().starts_with(base.path().trim_end_matches('/'))
        };
        let base = [&self.web, self.api.url()].into_iter().find(is_below)?;
        let path = page.path().strip_prefix(base.path().trim_end_matches('/'))?;
        Some(path.split('/').filter(|part| !part.is_empty()).collect())
    }
}
