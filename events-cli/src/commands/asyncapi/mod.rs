//! `events asyncapi`: the catalog as an AsyncAPI document.

mod document;

use std::{fs, io};

pub(super) use document::{VERSION, document};
use serde::Serialize;

use super::{Answer, Facts, Form, docs};
use crate::Status;
use crate::args::AsyncapiArgs;
use crate::examples::Json;
use crate::text::{Page, count};
use crate::world::World;

/// What was written to a file.
#[derive(Debug, Serialize)]
struct Written {
    out: String,
    title: String,
    asyncapi: &'static str,
    channels: usize,
    operations: usize,
    bytes: usize,
}

/// Prints the document, or writes it to a file and says so.
pub(crate) fn asyncapi(world: &World, args: &AsyncapiArgs, form: Form) -> io::Result<Answer> {
    let document = document(world, &args.title, &args.document_version);
    let text = format!("{document}\n");
    let Some(out) = &args.out else {
        return Ok(Answer {
            text,
            status: Status::Ok,
        });
    };
    fs::write(out, &text).map_err(|error| docs::at(out, &error))?;
    let written = Written {
        out: out.display().to_string(),
        title: args.title.clone(),
        asyncapi: document::ASYNCAPI,
        channels: members(&document, "channels"),
        operations: members(&document, "operations"),
        bytes: text.len(),
    };
    Answer::new(&written, form)
}

fn members(document: &Json, key: &str) -> usize {
    let Json::Object(parts) = document else {
        return 0;
    };
    let mut parts = parts.iter();
    match parts.find(|(name, _)| name == key) {
        Some((_, Json::Object(members))) => members.len(),
        _ => 0,
    }
}

impl Facts for Written {
    fn lay_out(&self, page: &mut Page) {
        page.line(&format!(
            "Wrote an AsyncAPI {} document with {} and {} to {}",
            self.asyncapi,
            count(self.channels, "channel"),
            count(self.operations, "operation"),
            self.out
        ));
    }
}
