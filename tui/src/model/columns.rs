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

/// The columns of the list, to be chosen: those that are shown come first, in their order.
#[derive(Debug, Clone)]
pub struct ColumnsBox {
    pub columns: Vec<(Column, bool)>,
    /// The one that the keys are about.
    pub chosen: Column,
    /// What the list had when it was opened; none are the configured ones.
    pub before: Option<Columns>,
}

impl ColumnsBox {
    pub fn new(shown: &Columns, before: Option<Columns>) -> Self {
        let all = shown.all().into_iter();
        let columns = all.map(|column| (column, shown.0.contains(&column))).collect();
        let chosen = shown.0.first().copied().unwrap_or(Column::Title);
        Self { columns, chosen, before }
    }

    pub fn place(&self) -> usize {
        self.columns.iter().position(|(column, _)| *column == self.chosen).unwrap_or(0)
    }

    /// Those that are to be shown.
    pub fn shown(&self) -> Columns {
        Columns(self.columns.iter().filter(|(_, shown)| *shown).map(|(it, _)| *it).collect())
    }
}
