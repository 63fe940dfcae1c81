module.exports = {
  DEV: { aws_region: 'us-west-2', user_pool_id: 'us-west-2_DevPool01', client_id: '4dev0example0client0000001' },
  PROD: { aws_region: 'us-west-2', user_pool_id: 'us-west-2_ProdPool1', client_id: '6prod0example0client000001' },
};
