use super::json::{Node, Object, OciError};
use super::{Machine, action};
use crate::seccomp::{Arch, Condition, Rule, Test, table};

const FIELDS: &[&str] =
    &["name", "names", "action", "errnoRet", "errno", "args", "comment", "includes", "excludes"];
const REQUIREMENTS: &[&str] = &["caps", "arches", "minKernel"];

/// The rules of one entry of `syscalls`; none where the machine is not the one it is for.
pub(super) struct Read {
    pub(super) rules: Vec<Rule>,
    pub(super) unknown_names: Vec<String>,
}

pub(super) fn read(node: Node, machine: Machine) -> Result<Read, OciError> {
    let object = node.object(FIELDS)?;
    object.text("comment")?;
    let action = action(&object, "action", "errnoRet", "errno")?;
    let alternatives = alternatives(object.list("args")?)?;
    let names = names(&object)?;
    let (included, excluded) = (included(&object, machine)?, excluded(&object, machine)?);
    let applies = included && !excluded;

    let (known, unknown): (Vec<_>, Vec<_>) =
        names.into_iter().partition(|name| table::number_of(machine.arch, name).is_some());
    if !applies || known.is_empty() {
        let unknown = if applies { unknown } else { vec![] };
        return Ok(Read { rules: vec![], unknown_names: owned(&unknown) });
    }
    let names: Vec<_> = known.iter().map(|name| (*name).to_owned().into()).collect();
    let why = format!("the profile says so at {}", object.node().place());
    let rule =
        |when| Rule { names: names.clone(), when, action, why: why.clone().into(), opened_by: &[] };
    Ok(Read { rules: alternatives.into_iter().map(rule).collect(), unknown_names: owned(&unknown) })
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// `names`, or the single `name` of Docker's first profiles.
fn names<'a>(object: &Object<'a>) -> Result<Vec<&'a str>, OciError> {
    match (object.text("name")?, object.texts("names")?) {
        (Some(_), names) if !names.is_empty() => {
            Err(object.node().error("both 'name' and 'names'"))
        }
        (Some(name), _) => Ok(vec![name]),
        (None, names) if names.is_empty() => {
            Err(object.node().error("'names' is missing or empty"))
        }
        (None, names) => Ok(names),
    }
}

/// What must hold: one list of conditions, or one for each where an argument is asked about twice.
fn alternatives(args: Vec<Node>) -> Result<Vec<Vec<Condition>>, OciError> {
    let conditions = args.into_iter().map(condition).collect::<Result<Vec<_>, _>>()?;
    let twice =
        (0..6).any(|at| conditions.iter().filter(|condition| condition.argument == at).count() > 1);
    let alternatives = if twice {
        conditions.into_iter().map(|one| vec![one]).collect()
    } else {
        vec![conditions]
    };
    Ok(alternatives)
}

fn condition(node: Node) -> Result<Condition, OciError> {
    let object = node.object(&["index", "value", "valueTwo", "op"])?;
    let argument = object.required("index")?.number(5)? as u8;
    let value = object.required("value")?.number(u64::MAX)?;
    let second = object.get("valueTwo").map_or(Ok(0), |node| node.number(u64::MAX))?;
    let op = object.required("op")?;
    let test = match op.text()? {
        "SCMP_CMP_EQ" => Test::Eq(value),
        "SCMP_CMP_NE" => Test::Ne(value),
        "SCMP_CMP_LT" => Test::Lt(value),
        "SCMP_CMP_LE" => Test::Le(value),
        "SCMP_CMP_GT" => Test::Gt(value),
        "SCMP_CMP_GE" => Test::Ge(value),
        "SCMP_CMP_MASKED_EQ" => Test::MaskedEq { mask: value, value: second },
        other => return Err(op.error(format_args!("unknown comparison '{other}'"))),
    };
    Ok(Condition { argument, test })
}

/// All that is named must be there.
fn included(object: &Object, machine: Machine) -> Result<bool, OciError> {
    let Some(requirements) = Requirements::read(object, "includes")? else { return Ok(true) };
    let arch = requirements.arches.is_empty() || requirements.names(machine.arch);
    let kernel = requirements.kernel.is_none_or(|least| machine.kernel >= least);
    Ok(requirements.capabilities.is_empty() && arch && kernel)
}

/// One of what is named suffices.
fn excluded(object: &Object, machine: Machine) -> Result<bool, OciError> {
    let Some(requirements) = Requirements::read(object, "excludes")? else { return Ok(false) };
    let kernel = requirements.kernel.is_some_and(|least| machine.kernel >= least);
    Ok(requirements.names(machine.arch) || kernel)
}

struct Requirements<'a> {
    capabilities: Vec<&'a str>,
    arches: Vec<&'a str>,
    kernel: Option<(u32, u32)>,
}

impl<'a> Requirements<'a> {
    fn read(object: &Object<'a>, key: &str) -> Result<Option<Self>, OciError> {
        let Some(node) = object.get(key) else { return Ok(None) };
        let object = node.object(REQUIREMENTS)?;
        Ok(Some(Self {
            capabilities: object.texts("caps")?,
            arches: object.texts("arches")?,
            kernel: object.get("minKernel").map(|node| version(&node)).transpose()?,
        }))
    }

    /// Docker names machines as Go does.
    fn names(&self, arch: Arch) -> bool {
        let name = match arch {
            Arch::X86_64 => "amd64",
            Arch::Aarch64 => "arm64",
        };
        self.arches.contains(&name)
    }
}

fn version(node: &Node) -> Result<(u32, u32), OciError> {
    let text = node.text()?;
    let parts = text
        .split_once('.')
        .and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
    parts.ok_or_else(|| node.error(format_args!("'{text}' is not a kernel version such as 4.8")))
}
