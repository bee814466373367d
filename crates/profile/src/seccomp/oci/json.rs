use std::fmt;

use serde_json::{Map, Value};

/// What is wrong with a profile, and where: a JSON pointer (RFC 6901), empty for the whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("seccomp profile, {}: {problem}", if at.is_empty() { "top level" } else { at.as_str() })]
pub struct OciError {
    pub at: String,
    pub problem: String,
}

/// A value and its place in the profile.
#[derive(Clone)]
pub(super) struct Node<'a> {
    value: &'a Value,
    at: String,
}

impl<'a> Node<'a> {
    pub(super) fn top(value: &'a Value) -> Self {
        Self { value, at: String::new() }
    }

    pub(super) fn place(&self) -> &str {
        &self.at
    }

    pub(super) fn error(&self, problem: impl fmt::Display) -> OciError {
        OciError { at: self.at.clone(), problem: problem.to_string() }
    }

    /// This object, of which every key must be among `known`: a misspelt restriction would be none.
    pub(super) fn object(self, known: &[&str]) -> Result<Object<'a>, OciError> {
        let Value::Object(fields) = self.value else { return Err(self.is_not("an object")) };
        let object = Object { fields, node: self.clone() };
        match fields.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => Err(object.node.child(key, &fields[key]).error("unknown field")),
            None => Ok(object),
        }
    }

    pub(super) fn list(self) -> Result<Vec<Node<'a>>, OciError> {
        let Value::Array(items) = self.value else { return Err(self.is_not("a list")) };
        Ok(items
            .iter()
            .enumerate()
            .map(|(index, item)| self.child(&index.to_string(), item))
            .collect())
    }

    pub(super) fn texts(self) -> Result<Vec<&'a str>, OciError> {
        self.list()?.iter().map(Node::text).collect()
    }

    pub(super) fn text(&self) -> Result<&'a str, OciError> {
        self.value.as_str().ok_or_else(|| self.is_not("a text"))
    }

    pub(super) fn number(&self, most: u64) -> Result<u64, OciError> {
        match self.value.as_u64() {
            Some(number) if number <= most => Ok(number),
            _ => Err(self.is_not(format_args!("a whole number from 0 to {most}"))),
        }
    }

    fn is_not(&self, wanted: impl fmt::Display) -> OciError {
        self.error(format_args!("{} is not {wanted}", self.value))
    }

    fn child(&self, key: &str, value: &'a Value) -> Self {
        let key = key.replace('~', "~0").replace('/', "~1");
        Self { value, at: format!("{}/{key}", self.at) }
    }
}

pub(super) struct Object<'a> {
    fields: &'a Map<String, Value>,
    node: Node<'a>,
}

impl<'a> Object<'a> {
    pub(super) fn node(&self) -> &Node<'a> {
        &self.node
    }

    /// `None` where the key is absent or null, which Go programs write for an empty list.
    pub(super) fn get(&self, key: &str) -> Option<Node<'a>> {
        let value = self.fields.get(key).filter(|value| !value.is_null())?;
        Some(self.node.child(key, value))
    }

    pub(super) fn required(&self, key: &str) -> Result<Node<'a>, OciError> {
        self.get(key).ok_or_else(|| self.node.error(format_args!("'{key}' is missing")))
    }

    pub(super) fn list(&self, key: &str) -> Result<Vec<Node<'a>>, OciError> {
        self.get(key).map_or(Ok(vec![]), Node::list)
    }

    pub(super) fn texts(&self, key: &str) -> Result<Vec<&'a str>, OciError> {
        self.get(key).map_or(Ok(vec![]), Node::texts)
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<&'a str>, OciError> {
        self.get(key).map(|node| node.text()).transpose()
    }
}
