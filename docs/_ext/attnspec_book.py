"""What the book asks of the code while it is built, so that it never goes stale.

Directives
----------
clause
    One normative sentence with its id, to be linked with the role ``clause``.
invariant
    One law of the judge with its id, to be linked with the role ``invariant``.
definition
    A function of the definition: its docstring, then its body.
picture
    A figure with its caption, drawn by committed code.
script
    A script of the book and what it prints.
command-help
    What ``attnspec COMMAND --help`` prints.
registry
    A table or list made from a registry of attnspec, by name.
kind
    A kind of function: its face, its laws with what a run says, its rogues.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pathlib
import subprocess
import sys
import textwrap
from typing import Any, ClassVar

import kinds
import registries
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.std import GenericObject
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective


class Clause(GenericObject):
    """Show a normative sentence, and below it the invariants that check it."""

    objtype = "clause"
    indextemplate = "pair: %s; clause"

    def transform_content(self, content_node: addnodes.desc_content) -> None:
        """Ask the registry which invariants name this clause."""
        names = registries.checks_of(self.arguments[0])
        if names:
            links = ", ".join(f"{{invariant}}`{name}`" for name in names)
            content_node += self.parse_text_to_nodes(f"Checked by {links}.")


class Definition(SphinxDirective):
    """Show a function's documentation and, below it, its body without docstring."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Render both."""
        name = self.arguments[0]
        documented = self.parse_text_to_nodes(
            f"```{{eval-rst}}\n.. autofunction:: {name}\n```"
        )
        body = nodes.container(classes=["definition-source"])
        body += nodes.literal_block(source := _source(name), source, language="python")
        return [*documented, body]


class Picture(SphinxDirective):
    """Draw a figure with a function of a module in ``figures``."""

    required_arguments = 2
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Let matplotlib's directive draw it, which speaks reStructuredText alone."""
        module, function = self.arguments
        drawn = self.parse_text_to_nodes(
            f"```{{eval-rst}}\n.. plot:: {module} {function}\n"
            f"   :alt: {self.options['alt']}\n```"
        )
        paragraph = self.parse_content_to_nodes()[0]
        for figure in [found for node in drawn for found in node.findall(nodes.figure)]:
            figure.append(nodes.caption("", "", *paragraph.deepcopy().children))
        return drawn


class Script(SphinxDirective):
    """Run a script of the book; show what it prints."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Run the script; one that fails breaks the build."""
        path = pathlib.Path(self.env.srcdir) / self.arguments[0]
        self.env.note_dependency(path)
        command = [sys.executable, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the book's own script
        if done.returncode:
            msg = f"{path.name} ended with {done.returncode}:\n{done.stderr}"
            raise self.error(msg)
        return [nodes.literal_block(done.stdout, done.stdout, language="text")]


class CommandHelp(SphinxDirective):
    """Show the help of one command, or of all of them."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Ask click for the text."""
        text = registries.command_help(self.arguments[0] if self.arguments else None)
        return [nodes.literal_block(text, text, language="text")]


class Registry(SphinxDirective):
    """Show what is registered under a name, as Markdown made by `registries`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Render the Markdown in place."""
        make = registries.PAGES[self.arguments[0]]
        return self.parse_text_to_nodes(make(), allow_section_headings=True)


class KindSection(SphinxDirective):
    """Show a kind of function, as Markdown made by `kinds`.

    Its place has a label, which is the name of the kind's module.
    """

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Run its laws and render the Markdown in place."""
        name = self.arguments[0]
        shown = self.parse_text_to_nodes(kinds.kind_section(name))
        first = shown[0]
        first["kind"] = name.replace("-", "_")
        first["names"].append(first["kind"])
        self.state.document.note_explicit_target(first)
        return shown


class KindAnchors(SphinxTransform):
    """Make the anchor of each kind its label, letter for letter.

    docutils would write hyphens for underscores. And where a heading is the same
    word, as *Softmax* is, it would give the kind a number: the heading was there
    first. Here the heading gets the number, since nobody links to it by label, and
    a link by the words of the heading still finds it.
    """

    default_priority = 840  # Sphinx notes labels at 850, and links follow later.

    def apply(self, **_: Any) -> None:
        """Give every kind of the page its anchor."""
        document = self.document
        for node in document.findall(nodes.Element):
            if label := node.get("kind"):
                if heading := document.ids.pop(label, None):
                    self._rename(heading, label)
                for old in node["ids"]:
                    document.ids.pop(old, None)
                node["ids"] = [label]
                document.ids[label] = node
                document.nameids[label] = label

    def _rename(self, heading: nodes.Element, old: str) -> None:
        """Give a heading another anchor, and lead to it what led to it before."""
        numbered = (f"{old}-{number}" for number in itertools.count(1))
        new = next(name for name in numbered if name not in self.document.ids)
        heading["ids"] = [new if name == old else name for name in heading["ids"]]
        self.document.ids[new] = heading
        slugs = self.document.myst_slugs
        for slug, (line, anchor, title) in slugs.items():
            if anchor == old:
                slugs[slug] = (line, new, title)


def _source(name: str) -> str:
    """Return the source of a function, without its docstring."""
    module, _, attribute = name.rpartition(".")
    function = inspect.unwrap(getattr(importlib.import_module(module), attribute))
    source = textwrap.dedent(inspect.getsource(function))
    lines, node = source.splitlines(), ast.parse(source).body[0]
    if not isinstance(node, ast.FunctionDef) or ast.get_docstring(node) is None:
        return source.rstrip()
    docstring = node.body[0]
    del lines[docstring.lineno - 1 : docstring.end_lineno]
    return "\n".join(lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_object_type("clause", "clause")
    app.add_directive_to_domain("std", "clause", Clause, override=True)
    app.add_object_type("invariant", "invariant", indextemplate="pair: %s; invariant")
    app.add_directive("definition", Definition)
    app.add_directive("picture", Picture)
    app.add_directive("script", Script)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("registry", Registry)
    app.add_directive("kind", KindSection)
    app.add_transform(KindAnchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
