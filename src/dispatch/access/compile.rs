//! The rules of the settings, held against the table of commands: what one names must be there.

use std::collections::{BTreeSet, HashMap, hash_map::Entry};

use super::{
    Rule, RuleName, Rules,
    condition::{self, Condition},
};
use crate::{
    config::{Confirm, Located, Mistake, RuleEntry, Settings, Wherever, Who, Whom},
    dispatch::{
        help,
        row::{Effect, Row},
        table::Table,
        values::{self, Kind, Named},
    },
};

/// What is wrong with an entry of `run` that leaves nothing.
const UNFIT: &str = "expected a command that both run and effect fit";

/// The same of one that fits sensitive commands alone.
const UNNAMED: &str =
    "expected the first word of the command without *: a sensitive command is allowed only by its name";

/// Holds rules against a table.
struct Compiler<'t> {
    table: &'t Table,
    rows: Vec<&'t Row>,
    paths: Vec<String>,
    /// The arguments of a row, once a rule asked for them.
    arguments: HashMap<usize, Vec<clap::Arg>>,
    settings: &'t Settings,
}

/// What a rule is about.
struct About {
    /// Rows, by number.
    rows: BTreeSet<usize>,
    /// Aliases that are granted by themselves, with their row.
    aliases: BTreeSet<(String, usize)>,
    /// The rows that each entry of `run` leaves, its alias's too.
    named: Vec<BTreeSet<usize>>,
}

impl About {
    /// Each row, also those that are said through an alias.
    fn all(&self) -> BTreeSet<usize> {
        self.rows.iter().chain(self.aliases.iter().map(|(_, row)| row)).copied().collect()
    }
}

/// All that makes a rule match: of two rules that have it in common the second never decides.
type Matches = (
    bool,
    BTreeSet<Whom>,
    BTreeSet<Wherever>,
    BTreeSet<usize>,
    BTreeSet<(String, usize)>,
    BTreeSet<Condition>,
);

impl Rules {
    /// The rules of these settings over this table. `openapi` tells whether codes can be sent in private.
    ///
    /// # Errors
    /// The first rule that names what is not there, can never decide, or asks for what cannot be had.
    pub fn new(settings: &Settings, table: &Table, openapi: bool) -> Result<Self, Mistake> {
        let rows: Vec<&Row> = table.rows().collect();
        let paths = rows.iter().map(|row| row.path.to_string()).collect();
        let mut compiler = Compiler { table, rows, paths, arguments: HashMap::new(), settings };
        let groups = settings.groups.values().cloned().collect();
        let mut rules = Self { groups, ..Self::default() };
        let mut seen: HashMap<Matches, RuleName> = HashMap::new();
        let mut numbers = [0, 0];
        let (denies, allows): (Vec<_>, Vec<_>) = settings.rules.iter().partition(|entry| entry.denies);
        for entry in denies.into_iter().chain(allows) {
            let number = &mut numbers[usize::from(entry.denies)];
            *number += 1;
            let name = RuleName { denies: entry.denies, number: *number };
            let mut about = compiler.about(entry)?;
            let when = compiler.when(entry, &mut about)?;
            compiler.check_confirmation(entry, &about, openapi)?;
            let matches = matches(entry, &about, &when);
            match seen.entry(matches) {
                Entry::Occupied(earlier) => {
                    let problem = format!("expected a rule of its own, came {} once more", earlier.get());
                    return Err(entry.at.mistake(problem));
                }
                Entry::Vacant(vacant) => vacant.insert(name),
            };
            let index = rules.rules.len();
            for row in &about.rows {
                rules.paths.entry(compiler.paths[*row].clone()).or_default().push(index);
            }
            for alias in table.aliases() {
                let named = about.aliases.iter().any(|(name, _)| *name == alias.name);
                if named || about.rows.contains(&alias.row) {
                    rules.aliases.entry(alias.name.clone()).or_default().push(index);
                }
            }
            let (who, places) = (entry.who.clone(), entry.places.clone());
            let (confirm, valid) = (entry.confirm.clone(), entry.valid);
            rules.rules.push(Rule { name, who, places, when, confirm, valid });
        }
        Ok(rules)
    }
}

impl Compiler<'_> {
    /// What `run` and `effect` say.
    fn about(&self, entry: &RuleEntry) -> Result<About, Mistake> {
        let is_meant = |row: &Row| entry.effect.is_none_or(|effect| effect == row.effect);
        let mut about = About { rows: BTreeSet::new(), aliases: BTreeSet::new(), named: Vec::new() };
        if entry.run.is_empty() {
            // A sensitive command is allowed only by its name.
            let rows = self.rows.iter().enumerate();
            let meant = rows.filter(|(_, row)| is_meant(row) && (entry.denies || !row.sensitive));
            about.rows.extend(meant.map(|(index, _)| index));
            return Ok(about);
        }
        for run in &entry.run {
            if let Some(alias) = self.table.alias(run.text()) {
                if !is_meant(self.rows[alias.row]) {
                    return Err(run.unexpected(UNFIT));
                }
                about.aliases.insert((alias.name.clone(), alias.row));
                about.named.push(BTreeSet::from([alias.row]));
                continue;
            }
            let glob = run.text().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            // What says no whole word of the beginning names nothing: `*` and `*e*` fit what nobody thought of.
            let first = glob.split(' ').next().unwrap_or_default();
            let names = entry.denies || !first.contains('*');
            let fit: Vec<usize> =
                (0..self.rows.len()).filter(|&index| condition::matches(&glob, &self.paths[index])).collect();
            let found: Vec<usize> =
                fit.iter().copied().filter(|&index| names || !self.rows[index].sensitive).collect();
            match (found.is_empty(), fit.is_empty()) {
                (true, true) => return Err(self.names_nothing(run)),
                (true, false) => return Err(run.unexpected(UNNAMED)),
                (false, _) => {}
            }
            let meant: BTreeSet<usize> =
                found.into_iter().filter(|&index| is_meant(self.rows[index])).collect();
            if meant.is_empty() {
                return Err(run.unexpected(UNFIT));
            }
            about.rows.extend(&meant);
            about.named.push(meant);
        }
        Ok(about)
    }

    fn names_nothing(&self, run: &Located) -> Mistake {
        match self.table.named(run.text()) {
            Some(row) => run.unexpected(&format!("expected the command by its path, \"{}\"", row.path)),
            None => {
                run.unexpected("expected the path of a command (`*` for any text) or the name of an alias")
            }
        }
    }

    /// The conditions; what has not all their arguments is not what the rule is about.
    fn when(&mut self, entry: &RuleEntry, about: &mut About) -> Result<Vec<Condition>, Mistake> {
        let mut conditions: Vec<Condition> = Vec::new();
        for (name, entries) in &entry.when {
            let argument = name.text().split('.').next().unwrap_or_default();
            let asked: Vec<clap::Arg> =
                about.all().into_iter().filter_map(|row| self.argument(row, argument)).collect();
            let mut kinds = asked.iter().map(|argument| (values::kind(argument), Named::of(argument)));
            let kind = kinds.next();
            if kinds.any(|other| Some(other) != kind) {
                return Err(name.mistake("expected an argument of one kind, came one that differs from command to command: make a rule for each"));
            }
            let keyed = name.text().contains('.');
            let is_bare = !keyed || name.text().ends_with('.');
            let kind = match kind.map(|(kind, _)| kind) {
                None if conditions.is_empty() => {
                    return Err(name.unexpected("expected the name of an argument as help shows it"));
                }
                None => {
                    let expected = "expected an argument of a command that has the other ones of when too";
                    return Err(name.unexpected(expected));
                }
                Some(Kind::KeyValue) if is_bare => {
                    return Err(name.unexpected(&format!("expected {argument}.KEY or \"{argument}.*\"")));
                }
                Some(kind) if keyed && kind != Kind::KeyValue => {
                    return Err(
                        name.unexpected("expected a dot only behind an argument that takes KEY=VALUE")
                    );
                }
                Some(kind) => kind,
            };
            let has = |compiler: &mut Self, row: usize| compiler.argument(row, argument).is_some();
            about.rows.retain(|&row| has(self, row));
            about.aliases.retain(|(_, row)| has(self, *row));
            let ids: Vec<String> =
                entries.iter().map(|entry| self.with_id(entry, &asked)).collect::<Result<_, _>>()?;
            let texts: Vec<&str> = ids.iter().map(String::as_str).collect();
            let condition = Condition::new(name.text(), &texts, kind);
            let mut condition = condition.map_err(|wrong| entries[wrong.index].unexpected(wrong.expected))?;
            for (entry, text) in entries.iter().zip(texts) {
                let mut impossible = asked.iter().map(|argument| condition::can_fit(text, kind, argument));
                if let Some(Err(expected)) = impossible.next()
                    && impossible.all(|other| other.is_err())
                {
                    return Err(entry.unexpected(&expected));
                }
                let all = about.rows.iter().chain(about.aliases.iter().map(|(_, row)| row));
                let rewritten =
                    all.flat_map(|&row| self.rows[row].canonical).filter(|(name, _)| *name == argument);
                if let Some(expected) =
                    rewritten.clone().find_map(|(_, form)| condition::misspelt(text, *form))
                {
                    return Err(entry.unexpected(&format!("expected {expected:?}, as it will be executed")));
                }
            }
            condition.written = entries.iter().map(|entry| entry.text().to_owned()).collect();
            condition.said = asked.first().map(help::mentioned).unwrap_or_default();
            conditions.push(condition);
        }
        let all = about.all();
        match entry.run.iter().zip(&about.named).find(|(_, named)| named.is_disjoint(&all)) {
            Some((run, _)) => Err(run.unexpected("expected a command that has the arguments of when")),
            None => Ok(conditions),
        }
    }

    /// An entry about somebody or a group, with the id that their canonical value is.
    fn with_id(&self, entry: &Located, asked: &[clap::Arg]) -> Result<String, Mistake> {
        let (not, text) = entry.text().strip_prefix('!').map_or(("", entry.text()), |text| ("!", text));
        let Some(named) = asked.first().and_then(Named::of).filter(|_| !text.contains('*')) else {
            return Ok(entry.text().to_owned());
        };
        let (id, expected) = match named {
            Named::Person => (
                values::known_person(text, &self.settings.people),
                "expected a name of [people] or a staff id",
            ),
            Named::Group => (
                values::known_group(text, &self.settings.groups),
                "expected a name of [groups] or a conversation id (cid…)",
            ),
        };
        id.map(|id| format!("{not}{id}")).ok_or_else(|| entry.unexpected(expected))
    }

    fn argument(&mut self, row: usize, name: &str) -> Option<clap::Arg> {
        let arguments = self.arguments.entry(row).or_insert_with(|| {
            // Not what every write has: it is no part of what will be executed.
            let command = self.rows[row].parser().arguments(clap::Command::new("dingops"));
            command.get_arguments().cloned().collect()
        });
        arguments.iter().find(|argument| help::name(argument) == name).cloned()
    }

    fn check_confirmation(&self, entry: &RuleEntry, about: &About, openapi: bool) -> Result<(), Mistake> {
        if matches!(entry.confirm, Some(Confirm::Peer(_))) && !openapi {
            return Err(entry.confirm_at.mistake(
                "expected DINGTALK_APP_KEY and DINGTALK_ROBOT_CODE in the environment, came none: each approver is \
                 sent a code in private, which takes the OpenAPI",
            ));
        }
        let all = about.all();
        let is_confirmed = |&row: &usize| match &entry.confirm {
            Some(confirm) => *confirm != Confirm::Nobody,
            None => self.rows[row].effect == Effect::Write,
        };
        if let Some(valid) = entry.valid_at.as_ref().filter(|_| !all.iter().any(is_confirmed)) {
            return Err(
                valid.mistake("expected a rule by which something is confirmed, came one without codes")
            );
        }
        let at_once = entry.confirm == Some(Confirm::Nobody);
        let is_change = |&&row: &&usize| self.rows[row].effect == Effect::Write && !self.rows[row].mild;
        match (all.iter().find(is_change).filter(|_| at_once), &entry.accept_one_tap) {
            (None, Some(accept)) => Err(accept.mistake(
                "expected confirm = \"none\" and a command that changes something, came a rule that needs no such consent",
            )),
            (None, None) | (Some(_), Some(_)) => Ok(()),
            (Some(&row), None) => Err(entry.confirm_at.mistake(format!(
                "expected \"self\" or {{ peer = [...] }} for \"{}\", which changes something: any robot in a group can \
                 plant a button that says a command as whoever taps it (if that is meant: accept_one_tap = true)",
                self.paths[row]
            ))),
        }
    }
}

fn matches(entry: &RuleEntry, about: &About, when: &[Condition]) -> Matches {
    let mut places: BTreeSet<Wherever> = entry.places.iter().map(|place| place.is.clone()).collect();
    if places.contains(&Wherever::Anywhere) {
        places.clear();
    }
    let when = when.iter().map(Condition::bare).collect();
    // A rule that names the path is about the alias, too.
    let aliases = about.aliases.iter().filter(|(_, row)| !about.rows.contains(row)).cloned().collect();
    (entry.denies, everybody(&entry.who), places, about.rows.clone(), aliases, when)
}

/// Whom these mean, each id by itself, without those that are among others.
fn everybody(who: &[Who]) -> BTreeSet<Whom> {
    let apart = |who: &Who| match &who.is {
        Whom::Ids(ids) => ids.iter().map(|id| Whom::Ids(vec![id.clone()])).collect(),
        all => vec![all.clone()],
    };
    let everybody: BTreeSet<Whom> = who.iter().flat_map(apart).collect();
    match [Whom::Anyone, Whom::Staff].into_iter().find(|all| everybody.contains(all)) {
        Some(all) => BTreeSet::from([all]),
        None => everybody,
    }
}
