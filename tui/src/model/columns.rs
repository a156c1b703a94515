//! The columns of the incident list.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Priority,
    Reference,
    /// With the mark of what still fires.
    Status,
    Age,
    Title,
    Service,
    Who,
    Alerts,
    Logs,
    Score,
}

impl Column {
    /// In their usual order.
    pub const ALL: [Self; 10] = [
        Self::Priority,
        Self::Reference,
        Self::Status,
        Self::Age,
        Self::Title,
        Self::Service,
        Self::Who,
        Self::Alerts,
        Self::Logs,
        Self::Score,
    ];

    /// As `config.toml` names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Priority => "priority",
            Self::Reference => "ref",
            Self::Status => "status",
            Self::Age => "age",
            Self::Title => "title",
            Self::Service => "service",
            Self::Who => "who",
            Self::Alerts => "alerts",
            Self::Logs => "logs",
            Self::Score => "score",
        }
    }
}

/// Which columns the list has, and in which order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(pub Vec<Column>);

impl Default for Columns {
    fn default() -> Self {
        Self(Column::ALL.to_vec())
    }
}

impl Columns {
    /// These first, then all the others.
    pub fn all(&self) -> Vec<Column> {
        let others = Column::ALL.into_iter().filter(|column| !self.0.contains(column));
        self.0.iter().copied().chain(others).collect()
    }
}
