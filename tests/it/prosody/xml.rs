//! Stanzas, as far as tests look into them.

use std::collections::HashMap;

/// An element with all that is in it. Namespaces are left out: nothing that we look for differs in them only.
#[derive(Debug, Clone)]
pub struct Element {
    pub name: String,
    pub attributes: HashMap<String, String>,
    pub children: Vec<Element>,
    pub text: String,
}

impl Element {
    /// Reads one.
    pub fn parse(text: &str) -> Self {
        let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error} in {text}"));
        Self::of(document.root_element())
    }

    fn of(node: roxmltree::Node<'_, '_>) -> Self {
        Self {
            name: node.tag_name().name().to_owned(),
            attributes: node.attributes().map(|a| (a.name().to_owned(), a.value().to_owned())).collect(),
            children: node.children().filter(roxmltree::Node::is_element).map(Self::of).collect(),
            text: node.text().unwrap_or_default().to_owned(),
        }
    }

    /// An attribute; empty where there is none.
    pub fn attribute(&self, name: &str) -> &str {
        self.attributes.get(name).map_or("", String::as_str)
    }

    pub fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The first of this name, at any depth.
    pub fn find(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.find(name) })
    }

    /// Whether there is a status with this code, as rooms send them.
    pub fn has_status(&self, code: &str) -> bool {
        let status = |element: &Self| element.name == "status" && element.attribute("code") == code;
        self.child("x").is_some_and(|x| x.children.iter().any(status))
    }
}

/// Text, fit to stand in an element or an attribute.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            c => escaped.push(c),
        }
    }
    escaped
}
