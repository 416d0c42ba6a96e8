"""Words of a shell command from options by name."""

import shlex

# those of `scvae fit` that `scvae inspect` takes too
DATA = """batch-key batch-key-numeric categorical-covariate continuous-covariate size-factor-key join layer use-raw genome
feature-type modality transpose no-transpose features barcodes missing mask-layer subset n-top-genes all-genes genes-key
genes-file allow-noninteger""".split()


def words(options):
    """`--name value` for each option, `--name` for true, nothing for false."""
    given = []
    for name, value in options.items():
        if value is False:
            continue
        given.append(f"--{name}")
        if value is not True:
            given.append(shlex.quote(str(value)))
    return " ".join(given)


def data_words(options):
    """Those options that say which data is taken."""
    return words({name: value for name, value in options.items() if name in DATA})
