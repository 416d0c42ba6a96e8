# What is asked of a fit: the study behind it, how well batches mix, what clusters express, which cells are strange.

FIT = f"{OUT}/fits/{{project}}/{{project}}_{{final}}"
ANY_FIT = f"{OUT}/fits/{{project}}/{{project}}_{{run}}"


rule design:
    input:
        h5ad=f"{FIT}.h5ad",
        sheet=f"{OUT}/projects/{{project}}.csv",
    output:
        f"{FIT}_design.json",
    log:
        f"{OUT}/logs/design/{{project}}/{{final}}.log",
    benchmark:
        f"{OUT}/benchmarks/design/{{project}}/{{final}}.tsv"
    params:
        prefix=subpath(output[0], strip_suffix="_design.json"),
        options=words(config.get("design", {})),
        scvae=SCVAE,
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    conda:
        "../envs/scvae.yaml"
    shell:
        # cells of several samples are told apart by them, so that each has its line of figures; one sample has no such column
        """
        per_sample=""
        if [ "$(wc -l < {input.sheet:q})" -gt 2 ]; then per_sample="--batch-key scvae_file"; fi
        {params.scvae} design {input.h5ad:q} $per_sample {params.options} -o {params.prefix:q} --overwrite > {log:q} 2>&1
        """


# Before and after: principal components of the counts beside the latent. One sample, or batches of one value, have nothing to mix, which is
# noted in place of the figures. All
# combinations of a grid are judged.
rule integration:
    input:
        f"{ANY_FIT}.h5ad",
    output:
        f"{ANY_FIT}_evaluate.json",
    log:
        f"{OUT}/logs/integration/{{project}}/{{run}}.log",
    benchmark:
        f"{OUT}/benchmarks/integration/{{project}}/{{run}}.tsv"
    params:
        prefix=subpath(output[0], strip_suffix="_evaluate.json"),
        options=integration_words(),
        scvae=SCVAE,
        script=Path(workflow.basedir) / "scripts/note_failure.py",
    threads: 2
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    conda:
        "../envs/scvae.yaml"
    shell:
        """
        rm -f {params.prefix:q}_evaluate_mqc.json
        {params.scvae} evaluate {input:q} {params.options} --threads {threads} --multiqc -o {params.prefix:q} --overwrite > {log:q} 2>&1 ||
            python3 {params.script:q} {input:q} {log:q} > {output:q}
        """


rule de:
    input:
        h5ad=f"{FIT}.h5ad",
        model=f"{FIT}.model",
    output:
        f"{FIT}_de.csv",
    log:
        f"{OUT}/logs/de/{{project}}/{{final}}.log",
    benchmark:
        f"{OUT}/benchmarks/de/{{project}}/{{final}}.tsv"
    params:
        prefix=subpath(output[0], strip_suffix="_de.csv"),
        scvae=SCVAE,
    threads: 4
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=lambda wildcards, attempt: 120 * attempt,
    conda:
        "../envs/scvae.yaml"
    shell:
        """
        {params.scvae} de {input.model:q} {input.h5ad:q} --groupby scvae_leiden -o {params.prefix:q} --overwrite \
            --threads {threads} --quiet > {log:q} 2>&1
        """


rule outliers:
    input:
        f"{FIT}_scores.csv",
    output:
        f"{FIT}_outliers.tsv",
    log:
        f"{OUT}/logs/outliers/{{project}}/{{final}}.log",
    benchmark:
        f"{OUT}/benchmarks/outliers/{{project}}/{{final}}.tsv"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    script:
        "../scripts/outliers.py"
