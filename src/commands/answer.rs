//! Purpose: fixed answers, written by the operator as `[[answer]]` in dingops.toml.

use std::{future::Future, pin::Pin, sync::Arc};

use clap::ArgMatches;
use serde_json::{Map, Value};

use crate::{
    config::Answer,
    dispatch::{
        CommandError, Ctx, Preview, Row, UserError,
        table::{Parser, Prepared},
    },
    reply::{Block, Reply},
};

/// A row for each answer of the settings.
pub fn rows(answers: &[Answer]) -> Vec<Row> {
    answers.iter().map(|answer| Row::answer(&answer.name, Arc::new(answer.clone()))).collect()
}

impl Parser for Answer {
    fn arguments(&self, command: clap::Command) -> clap::Command {
        command
    }

    fn read(&self, _: &ArgMatches) -> Result<Box<dyn Prepared>, clap::Error> {
        Ok(Box::new(self.clone()))
    }
}

impl Prepared for Answer {
    fn resolve(&mut self, _: &Ctx) -> Result<(), UserError> {
        Ok(())
    }

    fn values(&self) -> Map<String, Value> {
        Map::new()
    }

    fn preview<'a>(
        &'a self,
        _: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Preview, CommandError>> + Send + 'a>> {
        Box::pin(async { Ok(Preview::default()) })
    }

    fn run<'a>(
        self: Box<Self>,
        _: &'a Ctx,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, CommandError>> + Send + 'a>> {
        Box::pin(async move { Ok(Reply::new(self.name).block(Block::Markdown(self.markdown))) })
    }
}
