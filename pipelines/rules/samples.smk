# What each sample is, and which of them can be fitted.


rule inspect:
    output:
        f"{OUT}/samples/{{sample}}.json",
    log:
        f"{OUT}/logs/inspect/{{sample}}.log",
    benchmark:
        f"{OUT}/benchmarks/inspect/{{sample}}.tsv"
    params:
        path=lambda wildcards: PATHS[wildcards.sample],
        options=data_words({k: v for k, v in OPTIONS.items() if k in ("layer", "use-raw", "genome", "feature-type", "modality")}),
        scvae=SCVAE,
        script=Path(workflow.basedir) / "scripts/note_failure.py",
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=30,
    conda:
        "../envs/scvae.yaml"
    shell:
        # a sample that cannot be read is noted in place of its figures, so that the others go on
        """
        {params.scvae} inspect {params.path:q} {params.options} --json --quiet > {output:q} 2> {log:q} ||
            python3 {params.script:q} {params.path:q} {log:q} > {output:q}
        """


# Which samples take part is known only now.
checkpoint samples:
    input:
        expand(f"{OUT}/samples/{{sample}}.json", sample=PATHS),
    output:
        f"{OUT}/samples.tsv",
    log:
        f"{OUT}/logs/samples.log",
    benchmark:
        f"{OUT}/benchmarks/samples.tsv"
    params:
        projects=PROJECTS,
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/samples.py"


rule project_sheet:
    input:
        f"{OUT}/samples.tsv",
    output:
        f"{OUT}/projects/{{project}}.csv",
    log:
        f"{OUT}/logs/project_sheet/{{project}}.log",
    benchmark:
        f"{OUT}/benchmarks/project_sheet/{{project}}.tsv"
    params:
        rows=SAMPLES,
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/project_sheet.py"


# What a fit of all would take, its memory above all.
rule estimate:
    input:
        f"{OUT}/projects/{{project}}.csv",
    output:
        f"{OUT}/projects/{{project}}.json",
    log:
        f"{OUT}/logs/estimate/{{project}}.log",
    benchmark:
        f"{OUT}/benchmarks/estimate/{{project}}.tsv"
    params:
        options=data_words(OPTIONS),
        scvae=SCVAE,
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=60,
    conda:
        "../envs/scvae.yaml"
    shell:
        "{params.scvae} inspect --sheet {input:q} {params.options} --json --quiet > {output:q} 2> {log:q}"
