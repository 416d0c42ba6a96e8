process SCVAE_EMBED {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "docker.io/scvae/scvae:0.1.0"

    input:
    tuple val(meta), path(h5ad), path(model)

    output:
    tuple val(meta), path("${prefix}.h5ad")     , emit: h5ad
    tuple val(meta), path("X_${prefix}.parquet"), emit: obsm
    tuple val("${task.process}"), val('scvae'), eval('scvae --version'), emit: versions_scvae, topic: versions

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    prefix = task.ext.prefix ?: "${meta.id}"
    def device = task.accelerator ? 'auto' : 'cpu'
    if ("${h5ad}" == "${prefix}.h5ad") error "Input and output names are the same, set prefix in module configuration to disambiguate!"
    """
    scvae embed ${model} ${h5ad} \\
        --output ${prefix}.h5ad \\
        --obsm-key X_emb \\
        --quiet \\
        --device ${device} \\
        --threads ${task.cpus} \\
        ${args}
    scvae embed ${model} ${h5ad} \\
        --output X_${prefix}.parquet \\
        --quiet \\
        --device ${device} \\
        --threads ${task.cpus} \\
        ${args}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    touch ${prefix}.h5ad X_${prefix}.parquet
    """
}
