//! A YAML document as a tree. One type instead of one instance of the parser's code for each type of the
//! configuration: that is a sixth of the Worker's module.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::problem::Problem;

/// What aliases may multiply a file to, so that a small file never becomes a large one.
const MAX_NODES: usize = 250_000;
const MAX_TEXT_BYTES: usize = 64 * 1024 * 1024;
const MAX_DEPTH: usize = 64;

/// A value of a file, and the line where it begins, from 1. Aliases and merge keys are replaced by what they stand for,
/// on the line where they stand.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) line: u64,
    pub(super) content: Content,
}

#[derive(Clone)]
pub(super) enum Content {
    Scalar(Scalar),
    Sequence(Vec<Node>),
    /// No name is there twice.
    Mapping(Vec<(Key, Node)>),
}

/// What a scalar means depends on what is asked for: [`super::scalar`].
#[derive(Clone)]
pub(super) struct Scalar {
    pub(super) text: String,
    /// Neither quoted nor tagged as a string: it may be null, a boolean or a number.
    pub(super) plain: bool,
}

#[derive(Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) line: u64,
}

/// Reads YAML, of which JSON is a part. `None`: there is nothing but space and comments. Problems never repeat a value.
pub(super) fn read(text: &str) -> Result<Option<Node>, Problem> {
    let mut reader = Reader { parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0, text_bytes: 0 };
    let mut root = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(root),
            (Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd, _) => {}
            (_, span) if root.is_some() => {
                return Err(problem(&span, "a second document begins: a configuration is one"));
            }
            (event, span) => root = Some(reader.node(event, &span, 0)?),
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    text_bytes: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Problem> {
        match self.parser.next_event() {
            Some(Ok(next)) => Ok(next),
            Some(Err(error)) => Err(Problem::new(error.marker().line() as u64, "", error.info())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The node that begins with `event`.
    fn node(&mut self, event: Event<'a>, span: &Span, depth: usize) -> Result<Node, Problem> {
        if depth == MAX_DEPTH && matches!(event, Event::SequenceStart(..) | Event::MappingStart(..)) {
            return Err(problem(span, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let (content, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (Content::Scalar(scalar(text.into_owned(), style, tag.as_deref(), span)?), anchor)
            }
            Event::SequenceStart(_, anchor, _) => (self.sequence(depth)?, anchor),
            Event::MappingStart(_, anchor, _) => (self.mapping(depth)?, anchor),
            Event::Alias(anchor) => {
                let Some(mut node) = self.anchors.get(&anchor).cloned() else {
                    return Err(problem(span, "an alias stands for what contains it"));
                };
                node.move_to(line(span));
                self.count(&node, span)?;
                return Ok(node);
            }
            _ => return Err(problem(span, "no value begins here")),
        };
        let node = Node { line: line(span), content };
        match &node.content {
            Content::Scalar(_) => self.count(&node, span)?,
            // What is inside was counted as it was read.
            Content::Sequence(_) | Content::Mapping(_) => self.add(1, 0, span)?,
        }
        if anchor != 0 {
            self.count(&node, span)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn sequence(&mut self, depth: usize) -> Result<Content, Problem> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Content::Sequence(items)),
                (event, span) => items.push(self.node(event, &span, depth + 1)?),
            }
        }
    }

    /// What merge keys bring comes last, and only where the mapping says nothing itself.
    fn mapping(&mut self, depth: usize) -> Result<Content, Problem> {
        let mut entries = Vec::new();
        let mut merged = Vec::new();
        let mut names = HashSet::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let is_merge = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<");
            let key = self.node(event, &span, depth + 1)?;
            let (event, value_span) = self.next()?;
            let value = self.node(event, &value_span, depth + 1)?;
            if is_merge {
                merged.extend(merge_entries(value)?);
                continue;
            }
            let name = match key.content {
                Content::Scalar(scalar) if !scalar.is_null() => scalar.text,
                _ => return Err(problem(&span, "a name must be a text")),
            };
            if !names.insert(name.clone()) {
                return Err(problem(&span, format!("`{name}` is there twice")));
            }
            entries.push((Key { name, line: key.line }, value));
        }
        entries.extend(merged.into_iter().filter(|(key, _): &(Key, Node)| names.insert(key.name.clone())));
        Ok(Content::Mapping(entries))
    }

    fn count(&mut self, node: &Node, span: &Span) -> Result<(), Problem> {
        match &node.content {
            Content::Scalar(scalar) => self.add(1, scalar.text.len(), span),
            Content::Sequence(items) => {
                self.add(1, 0, span)?;
                items.iter().try_for_each(|item| self.count(item, span))
            }
            Content::Mapping(entries) => {
                self.add(1 + entries.len(), entries.iter().map(|(key, _)| key.name.len()).sum(), span)?;
                entries.iter().try_for_each(|(_, value)| self.count(value, span))
            }
        }
    }

    fn add(&mut self, nodes: usize, text_bytes: usize, span: &Span) -> Result<(), Problem> {
        self.nodes += nodes;
        self.text_bytes += text_bytes;
        if self.nodes > MAX_NODES || self.text_bytes > MAX_TEXT_BYTES {
            let most = format!("the most are {MAX_NODES} values and {MAX_TEXT_BYTES} bytes, with what aliases repeat");
            return Err(problem(span, format!("the file is too large: {most}")));
        }
        Ok(())
    }
}

impl Node {
    fn move_to(&mut self, line: u64) {
        self.line = line;
        match &mut self.content {
            Content::Scalar(_) => {}
            Content::Sequence(items) => items.iter_mut().for_each(|item| item.move_to(line)),
            Content::Mapping(entries) => {
                for (key, value) in entries {
                    key.line = line;
                    value.move_to(line);
                }
            }
        }
    }
}

fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>, span: &Span) -> Result<Scalar, Problem> {
    let Some(tag) = tag else {
        return Ok(Scalar { text, plain: style == ScalarStyle::Plain });
    };
    if tag.suffix_in_namespace("tag:yaml.org,2002:").is_some_and(|name| name == "binary") {
        return Err(problem(span, "`!!binary` is not for a configuration: write a text"));
    }
    let non_specific = tag.suffix_in_namespace("!").is_some_and(|name| name.is_empty());
    Ok(match tag.core_suffix() {
        Some("null") => Scalar { text: String::new(), plain: true },
        Some("str") => Scalar { text, plain: false },
        Some(_) => Scalar { text, plain: true },
        None => Scalar { text, plain: style == ScalarStyle::Plain && !non_specific },
    })
}

/// What a merge key brings: a mapping, or several of which the first that has a name wins.
fn merge_entries(value: Node) -> Result<Vec<(Key, Node)>, Problem> {
    match value.content {
        Content::Mapping(entries) => Ok(entries),
        Content::Sequence(items) => {
            let entries: Result<Vec<_>, _> = items.into_iter().map(merge_entries).collect();
            Ok(entries?.into_iter().flatten().collect())
        }
        Content::Scalar(scalar) if scalar.is_null() => Ok(Vec::new()),
        Content::Scalar(_) => Err(Problem::new(value.line, "", "`<<` must be a mapping or a sequence of mappings")),
    }
}

fn problem(span: &Span, message: impl Into<String>) -> Problem {
    Problem::new(line(span), "", message)
}

fn line(span: &Span) -> u64 {
    span.start.line() as u64
}
