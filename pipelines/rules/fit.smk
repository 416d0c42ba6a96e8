# The fits: every combination of the grid, and the best of them with other seeds.


# A fit that was stopped has left its checkpoint beside its outputs, and the next one goes on from there. A checkpoint of other
# settings (exit code 65), or one beside outputs that are there (2), is no use: the fit starts anew.
rule fit:
    input:
        unpack(fit_input),
    output:
        h5ad=f"{OUT}/fits/{{project}}/{{project}}_{{run}}.h5ad",
        latent=f"{OUT}/fits/{{project}}/{{project}}_{{run}}_latent.arrow",
        metrics=f"{OUT}/fits/{{project}}/{{project}}_{{run}}_metrics.json",
        scores=f"{OUT}/fits/{{project}}/{{project}}_{{run}}_scores.csv",
        latent_csv=temp(f"{OUT}/fits/{{project}}/{{project}}_{{run}}_latent.csv"),
        multiqc=f"{OUT}/fits/{{project}}/{{project}}_{{run}}_scvae_mqc.json",
        versions=f"{OUT}/fits/{{project}}/{{project}}_{{run}}_mqc_versions.yml",
        model=directory(f"{OUT}/fits/{{project}}/{{project}}_{{run}}.model"),
        page=report(
            f"{OUT}/fits/{{project}}/{{project}}_{{run}}_report.html",
            category="Fits",
            subcategory="{project}",
            labels={"project": "{project}", "run": "{run}"},
            caption="../captions/fit.rst",
        ),
    log:
        f"{OUT}/logs/fit/{{project}}/{{run}}.log",
    benchmark:
        f"{OUT}/benchmarks/fit/{{project}}/{{run}}.tsv"
    params:
        prefix=subpath(output.h5ad, strip_suffix=".h5ad"),
        options=options_of,
        scvae=SCVAE,
    threads: 4
    resources:
        mem_mb=memory,
        runtime=lambda wildcards, attempt: 240 * attempt,
    conda:
        "../envs/scvae.yaml"
    shell:
        """
        fit() {{
            {params.scvae} fit --sheet {input.sheet:q} -o {params.prefix:q} --csv --multiqc --quiet \
                --threads {threads} {params.options} "$1" >> {log:q} 2>&1
        }}
        code=0
        if [ -d {params.prefix:q}.checkpoint ]; then
            fit --resume || code=$?
            case $code in 2|65) code=0; fit --overwrite || code=$? ;; esac
        else
            fit --overwrite || code=$?
        fi
        exit $code
        """


rule best:
    input:
        expand(f"{OUT}/fits/{{{{project}}}}/{{{{project}}}}_{{run}}_metrics.json", run=GRID),
    output:
        f"{OUT}/sweeps/{{project}}_best.json",
    log:
        f"{OUT}/logs/best/{{project}}.log",
    benchmark:
        f"{OUT}/benchmarks/best/{{project}}.tsv"
    params:
        runs=list(GRID),
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    script:
        "../scripts/best.py"
