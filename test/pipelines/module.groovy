// Prints the shell that a block of a Nextflow module comes to: groovy module.groovy MAIN.NF script|stub VALUES.JSON
// Nextflow's process is not run here; its script block is plain Groovy, and is evaluated as such. All of the file is parsed.
import groovy.json.JsonSlurper

def (file, block, values) = args
def text = new File(file).text
new GroovyShell().parse(text)
def starts = ['input', 'output', 'when', 'script', 'stub'].collectEntries { [it, text.indexOf("\n    ${it}:\n")] }
def from = text.indexOf('\n', starts[block] + 1)
def to = block == 'script' ? starts.stub : text.lastIndexOf('}')
def binding = new Binding(new JsonSlurper().parse(new File(values)))
binding.error = { String message -> System.err.println(message); System.exit(3) }
print new GroovyShell(binding).evaluate(text.substring(from, to))
